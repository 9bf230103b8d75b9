from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Replayed")


@_attrs_define
class Replayed:
    replayed: int
    more: bool

    def to_dict(self) -> dict[str, Any]:
        replayed = self.replayed

        more = self.more

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "replayed": replayed,
                "more": more,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        replayed = d.pop("replayed")

        more = d.pop("more")

        replayed = cls(
            replayed=replayed,
            more=more,
        )

        return replayed
