"""Writes docs/events.md from the JSON Schemas in the package: `python docs/build_events.py`.

The prose is in events.template.md. A test fails when the page is older than the schemas.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "oms"
PUBLISHED = PACKAGE / "orders/event_schemas"
CONSUMED = PACKAGE / "consumer/message_schemas"
PAGE = DOCS / "events.md"
TOPICS = {
    "oms.new_order.v1": "new_order",
    "new_order": "new_order",
    "fulfilment_update": "fulfilment-updates",
    "order_command": "order-commands",
}

Schema = Mapping[str, Any]


def page() -> str:
    """The whole page as it should be."""
    published, consumed = _schemas(PUBLISHED), _schemas(CONSUMED)
    shared: dict[str, Schema] = {}
    for schema in published.values():
        for name, definition in schema["$defs"].items():
            if shared.setdefault(name, definition) != definition:
                sys.exit(f"two event types define {name} differently")
    events = Writer("", shared)
    parts = {
        "example": f"```python\n{(DOCS / 'consumer_example.py').read_text()}```\n",
        "published": "\n".join(events.section(kind, schema) for kind, schema in published.items()),
        "consumed": "\n".join(_message(kind, schema) for kind, schema in consumed.items()),
        "shared": "\n".join(events.definition(f"### {name}", shared[name]) for name in sorted(shared)),
    }
    text = (DOCS / "events.template.md").read_text()
    for name, part in parts.items():
        text = text.replace(f"{{{{ {name} }}}}\n", part)
    return text


def _schemas(folder: Path) -> dict[str, Schema]:
    found = {path.name.removesuffix(".json"): path for path in sorted(folder.glob("*.json"))}
    return {kind: json.loads(path.read_text(), parse_float=Decimal) for kind, path in found.items()}


def _message(kind: str, schema: Schema) -> str:
    """A section with the message's own parts below it."""
    definitions = schema.get("$defs", {})
    writer = Writer(f"{kind}-", definitions)
    variants = [variant["$ref"].rsplit("/", 1)[1] for variant in schema.get("oneOf", []) if "$ref" in variant]
    names = [*variants, *(name for name in definitions if name not in variants)]
    below = "".join("\n" + writer.definition(f"#### {kind} {name}", definitions[name]) for name in names)
    return writer.section(kind, schema) + below


@dataclass(frozen=True)
class Writer:
    """Writes schemas as Markdown; `prefix` tells the anchors of one schema's definitions from another's."""

    prefix: str
    definitions: Mapping[str, Schema]

    def section(self, kind: str, schema: Schema) -> str:
        """A heading, what it is, a table of its members, and the examples."""
        title = "" if schema["title"] == kind else f"{schema['title']}. "
        topic = TOPICS.get(kind, "order-events")
        examples = "\n".join(f"```json\n{_json(example)}\n```\n" for example in schema["examples"])
        return (
            f"### {kind}\n\n{title}{schema['description']} Topic `{topic}`.\n\n{self._body(schema)}\n"
            f"<details><summary>{'Example' if len(schema['examples']) == 1 else 'Examples'}</summary>\n\n"
            f"{examples}\n</details>\n"
        )

    def definition(self, heading: str, schema: Schema) -> str:
        """A part that others refer to."""
        told = schema.get("description", "")
        if "properties" in schema:
            return "\n\n".join(part for part in (heading, told, self._table(schema)) if part)
        kind = self._kind(schema)
        return f"{heading}\n\n{told} {kind[:1].upper()}{kind[1:]}.\n".replace("\n ", "\n")

    def _body(self, schema: Schema) -> str:
        if "properties" in schema:
            return self._table(schema)
        return f"It is {self._kind(schema)}.\n"

    def _table(self, schema: Schema) -> str:
        required = schema.get("required", [])
        rows = []
        for name, member in schema["properties"].items():
            kind = self._kind(member).replace("|", "\\|") + ("" if name in required else ", optional")
            rows.append(f"| `{name}` | {kind} | {member.get('description', '')} |")
        return "\n".join(["| member | type | meaning |", "|---|---|---|", *rows]) + "\n"

    def _kind(self, schema: Schema) -> str:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return f"[{name}](#{self.prefix}{name})"
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return " or ".join(self._kind(part) for part in schema[word])
        if "const" in schema:
            return f"`{schema['const']}`"
        if "enum" in schema:
            return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
        kinds = schema.get("type", "any JSON")
        return " or ".join(self._simple(kind, schema) for kind in (kinds if isinstance(kinds, list) else [kinds]))

    def _simple(self, kind: str, schema: Schema) -> str:
        if kind == "array":
            items = schema.get("items", {})
            if "properties" in items:
                members = ", ".join(f"`{name}`" for name in items["properties"])
                return f"array of objects with {members}"
            return f"array of {self._kind(items)}"
        if kind == "string":
            return f"string{_length(schema)}"
        if kind in ("number", "integer"):
            return f"{kind}{_bounds(schema)}"
        return kind


def _json(document: Any) -> str:
    """Indented, and numbers with the digits they have in the file."""
    exact = orjson.dumps(document, default=lambda value: orjson.Fragment(str(value)), option=orjson.OPT_INDENT_2)
    return exact.decode()


def _length(schema: Schema) -> str:
    if "pattern" in schema:
        return f" `{schema['pattern']}`"
    return f", {schema.get('minLength', 0)} to {schema['maxLength']} characters" if "maxLength" in schema else ""


def _bounds(schema: Schema) -> str:
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']}" + (f", up to {schema['maximum']}" if "maximum" in schema else "")
    if "minimum" in schema and "maximum" in schema:
        return f" from {schema['minimum']} to {schema['maximum']}"
    return f" from {schema['minimum']}" if "minimum" in schema else ""


if __name__ == "__main__":
    PAGE.write_text(page())
