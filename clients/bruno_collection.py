"""The API as a Bruno collection: a folder for each tag, a file for each operation, with a body to begin with."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
# Sign in first: the answer's token is what all others send.
_SIGN_IN = "POST /auth/token"
_AFTER_SIGN_IN = """
script:post-response {
  if (res.getStatus() === 200) {
    bru.setEnvVar("token", res.getBody().access_token);
  }
}
"""
_COLLECTION = """auth {
  mode: bearer
}

auth:bearer {
  token: {{token}}
}

docs {
  Choose the environment `local`, put e-mail address and password into it, and send `accounts/signIn` first: it keeps
  the token that all others send. An API key does instead: set the auth of the collection to API Key, X-API-Key.
}
"""
_LOCAL = """vars {
  baseUrl: http://localhost:8000
  email: admin@example.com
  order_id: ORD-001
}
vars:secret [
  password,
  token
]
"""


def files(openapi: Json) -> dict[str, str]:
    """Texts by their paths in the collection."""
    found = {
        "bruno.json": json.dumps({"version": "1", "name": "Order management", "type": "collection"}, indent=2) + "\n",
        "collection.bru": _COLLECTION,
        "environments/local.bru": _LOCAL,
    }
    for position, (path, method, operation) in enumerate(_operations(openapi), start=1):
        name = operation["operationId"]
        found[f"{operation['tags'][0]}/{name}.bru"] = _request(openapi, path, method, operation, position)
    return found


def _operations(openapi: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in openapi["paths"].items():
        yield from ((path, method, operations[method]) for method in METHODS if method in operations)


def _request(openapi: Json, path: str, method: str, operation: Json, position: int) -> str:
    parameters = [_resolved(openapi, parameter) for parameter in _parameters(openapi, path, operation)]
    body = _body(openapi, operation)
    kind, content = body or ("none", "")
    url = "{{baseUrl}}" + re.sub(r"\{(\w+)\}", r":\1", path)
    public = not operation.get("security")
    first = f"{method} {{\n  url: {url}\n  body: {kind}\n  auth: {'none' if public else 'inherit'}\n}}\n"
    parts = [f"meta {{\n  name: {operation['operationId']}\n  type: http\n  seq: {position}\n}}\n", first]
    # What may be left out is there and switched off.
    parts.append(_block("params:path", [f"{name}: {_value(name)}" for name in _named(parameters, "path")]))
    parts.append(_block("params:query", [f"~{name}: " for name in _named(parameters, "query")]))
    parts.append(_block("headers", [f"~{name}: {_header(name)}" for name in _named(parameters, "header")]))
    parts.append(content)
    if f"{method.upper()} {path}" == _SIGN_IN:
        parts.append(_AFTER_SIGN_IN.lstrip())
    told = "\n\n".join(filter(None, (operation.get("summary"), operation.get("description"))))
    parts.append(_block("docs", told.splitlines()))
    return "\n".join(filter(None, parts))


def _block(name: str, lines: list[str]) -> str:
    return f"{name} {{\n" + "".join(f"  {line}".rstrip() + "\n" for line in lines) + "}\n" if lines else ""


def _parameters(openapi: Json, path: str, operation: Json) -> list[Json]:
    return [*openapi["paths"][path].get("parameters", []), *operation.get("parameters", [])]


def _named(parameters: list[Json], place: str) -> list[str]:
    return [parameter["name"] for parameter in parameters if parameter["in"] == place]


def _value(name: str) -> str:
    return "{{order_id}}" if name == "order_id" else ""


def _header(name: str) -> str:
    return "{{$guid}}" if name == "Idempotency-Key" else ""


def _body(openapi: Json, operation: Json) -> tuple[str, str] | None:
    """(kind, block) of the body, made of the document's examples."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/x-www-form-urlencoded" in content:
        schema = _resolved(openapi, content["application/x-www-form-urlencoded"]["schema"])
        known = {"username": "{{email}}", "password": "{{password}}"}
        lines = [f"{'' if name in known else '~'}{name}: {known.get(name, '')}" for name in schema["properties"]]
        return "formUrlEncoded", _block("body:form-urlencoded", lines)
    if "application/json" not in content:
        return None
    described = content["application/json"]
    examples = described.get("examples")
    sample = next(iter(examples.values()))["value"] if examples else _sample(openapi, described["schema"])
    return "json", _block("body:json", json.dumps(sample, indent=2, ensure_ascii=False).splitlines())


def _sample(openapi: Json, schema: Json) -> Any:
    """A value with what is required, and whatever else has an example."""
    schema = _resolved(openapi, schema)
    for word in ("example", "default", "const"):
        if word in schema:
            return schema[word]
    if examples := schema.get("examples") or schema.get("enum"):
        return examples[0]
    choices = schema.get("oneOf") or schema.get("anyOf") or [{}]
    if "properties" not in schema and choices[0]:
        return _sample(openapi, choices[0])
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        required = [*schema.get("required", []), *choices[0].get("required", [])]
        members = schema.get("properties", {}).items()
        return {name: _sample(openapi, member) for name, member in members if name in required or "example" in member}
    if kind == "array":
        return [_sample(openapi, schema["items"])] if "items" in schema else []
    return {"string": "", "integer": 1, "number": 1, "boolean": True}.get(kind)


def _resolved(openapi: Json, found: Json) -> Json:
    while "$ref" in found:
        place: Any = openapi
        for part in found["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        found = place
    return found
