"""Schemas whose bodies have few of the many fields that they might have."""

from functools import lru_cache
from typing import Any

from marshmallow import Schema, missing


class SparseSchema(Schema):
    """Loads a body by the fields it has.

    marshmallow asks each field of a schema at every load, whether it was sent or not, and for lines of an order that
    takes most of the time. Here those are asked that were sent, and those that matter when they were not: what is
    required, and what has a default. A body with a field nobody knows is left to the whole schema, which refuses it.
    """

    def load(self, data: Any, **options: Any) -> Any:
        plain = isinstance(data, dict) and self.only is None and not any(options.values())
        small = _of_fields(type(self), frozenset(data)) if plain else None
        return super().load(data, **options) if small is None else Schema.load(small, data)


@lru_cache(maxsize=512)
def _of_fields(kind: type[Schema], sent: frozenset[str]) -> Schema | None:
    """The schema of these fields, in the order in which they are declared; None when it does not have them all."""
    declared = kind._declared_fields
    if not sent <= declared.keys():
        return None
    return kind(
        only=[
            name
            for name, field in declared.items()
            if name in sent or field.required or field.load_default is not missing
        ]
    )
