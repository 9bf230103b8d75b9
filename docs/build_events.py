"""Writes docs/events.md from the JSON Schemas in the package: `python docs/build_events.py`.

The prose is in events.template.md. A test fails when the page is older than the schemas.
"""

import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "oms"
PUBLISHED = PACKAGE / "orders/event_schemas"
CONSUMED = PACKAGE / "consumer/message_schemas"
PAGE = DOCS / "events.md"
NOT_YET = "No schema is published yet.\n"

Schema = dict[str, Any]


def page() -> str:
    """The whole page as it should be."""
    published, consumed = _schemas(PUBLISHED), _schemas(CONSUMED)
    shared: Schema = {}
    for schema in (*published.values(), *consumed.values()):
        for name, definition in schema.get("$defs", {}).items():
            if shared.setdefault(name, definition) != definition:
                sys.exit(f"two schemas define {name} differently")
    parts = {
        "published": "\n".join(_section(kind, schema, _topic(kind)) for kind, schema in published.items()),
        "consumed": "\n".join(_section(kind, schema, None) for kind, schema in consumed.items()) or NOT_YET,
        "shared": "\n".join(_definition(name, shared[name]) for name in sorted(shared)),
    }
    text = (DOCS / "events.template.md").read_text()
    for name, part in parts.items():
        text = text.replace(f"{{{{ {name} }}}}\n", part)
    return text


def _schemas(folder: Path) -> dict[str, Schema]:
    return {
        path.name.removesuffix(".json"): json.loads(path.read_text(), parse_float=Decimal)
        for path in sorted(folder.glob("*.json"))
    }


def _topic(kind: str) -> str:
    return "new_order" if kind.startswith("oms.new_order.") else "order-events"


def _section(kind: str, schema: Schema, topic: str | None) -> str:
    where = f" Topic `{topic}`." if topic else ""
    examples = "\n".join(f"```json\n{_json(example)}\n```\n" for example in schema.get("examples", []))
    intro = f"### {kind}\n\n{schema['title']}. {schema['description']}{where}\n\n"
    return f"{intro}{_members(schema)}\n<details><summary>Example</summary>\n\n{examples}\n</details>\n"


def _json(document: Any) -> str:
    """Indented, and numbers with the digits they have in the file."""
    exact = orjson.dumps(document, default=lambda value: orjson.Fragment(str(value)), option=orjson.OPT_INDENT_2)
    return exact.decode()


def _definition(name: str, schema: Schema) -> str:
    told = schema.get("description", "")
    if "properties" in schema:
        return f"### {name}\n\n{told}\n\n{_members(schema)}"
    return f"### {name}\n\n{told} {_kind(schema, capital=True)}.\n"


def _members(schema: Schema) -> str:
    """A table of an object's members, or of the variants it is one of."""
    for word in ("oneOf", "anyOf"):
        if word in schema and "properties" not in schema:
            return "\n".join(
                f"**{variant.get('title', 'Variant')}**. {variant.get('description', '')}\n\n{_members(variant)}"
                for variant in schema[word]
            )
    required = schema.get("required", [])
    rows = [
        f"| `{name}` | {_kind(member)}{'' if name in required else ', optional'} | {member.get('description', '')} |"
        for name, member in schema.get("properties", {}).items()
    ]
    return "\n".join(["| member | type | meaning |", "|---|---|---|", *rows]) + "\n"


def _kind(schema: Mapping[str, Any], *, capital: bool = False) -> str:
    text = _words(schema)
    return text[:1].upper() + text[1:] if capital else text


def _words(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name})"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(_words(part) for part in schema[word])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return "one of " + ", ".join("null" if value is None else f"`{value}`" for value in schema["enum"])
    kinds = schema.get("type", "any JSON")
    names = [_simple(kind, schema) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return " or ".join(names)


def _simple(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "array":
        return f"array of {_words(schema['items'])}" if "items" in schema else "array"
    if kind == "string":
        return f"string{_length(schema)}"
    if kind in ("number", "integer"):
        return f"{kind}{_bounds(schema)}"
    return kind


def _length(schema: Mapping[str, Any]) -> str:
    if "pattern" in schema:
        return f" `{schema['pattern']}`".replace("|", "\\|")
    return f", {schema.get('minLength', 0)} to {schema['maxLength']} characters" if "maxLength" in schema else ""


def _bounds(schema: Mapping[str, Any]) -> str:
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']}" + (f", up to {schema['maximum']}" if "maximum" in schema else "")
    if "minimum" in schema and "maximum" in schema:
        return f" from {schema['minimum']} to {schema['maximum']}"
    return f" from {schema['minimum']}" if "minimum" in schema else ""


if __name__ == "__main__":
    PAGE.write_text(page())
