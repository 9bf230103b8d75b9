"""Writes the Python client and the Bruno collection from the OpenAPI document: `python clients/build.py`.

A test writes both anew and fails where what is kept here differs.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import bruno_collection  # noqa: E402 - beside this file

from oms.app import create_app  # noqa: E402
from oms.config import Settings  # noqa: E402

CLIENT = HERE / "python/oms_client"
COLLECTION = HERE / "bruno"
# The document needs no server, only something that looks like one.
_NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "JWT_SECRET_KEY": "only-to-write-the-document-0123456789",
    "LOG_LEVEL": "WARNING",
}


def document() -> Any:
    """The OpenAPI document as it is served."""
    return json.loads(create_app(Settings.from_env(_NOWHERE)).extensions["oms_openapi"])


def build(openapi: Any, client: Path, collection: Path) -> None:
    """Write the package of the client and the collection into these folders, which may be there already.

    Raises `subprocess.CalledProcessError` when the generator can't read the document or leaves anything out.
    """
    _write_client(openapi, client)
    shutil.rmtree(collection, ignore_errors=True)
    for name, text in bruno_collection.files(openapi).items():
        target = collection / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def _write_client(openapi: Any, client: Path) -> None:
    programs = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "openapi.json"
        source.write_text(json.dumps(_without_rules_between_members(_without_streams(openapi))))
        config = HERE / "openapi-python-client.yaml"
        arguments = ["--path", source, "--output-path", client, "--overwrite", "--config", config]
        subprocess.run(
            [programs / "openapi-python-client", "generate", "--meta", "none", "--fail-on-warning", *arguments],
            env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"},
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    (client / "py.typed").touch()
    for path in [*client.rglob("__pycache__"), *client.rglob(".ruff_cache")]:
        shutil.rmtree(path)


# The generator's client has all of an answer in memory before it looks at it, and a file only as a part of a form.
_STREAMED = ("exportOrders", "watchOrder")
_BARE_FILES = ("text/csv", "application/x-ndjson")


def _without_streams(document: Any) -> Any:
    """The same without operations that are read while they are sent, and without files as bodies."""
    paths = {}
    for path, operations in document["paths"].items():
        kept = {method: found for method, found in operations.items() if _id(found) not in _STREAMED}
        paths[path] = {method: _without_bare_files(found) for method, found in kept.items()}
    return {**document, "paths": paths}


def _id(operation: Any) -> Any:
    return operation.get("operationId") if isinstance(operation, dict) else None


def _without_bare_files(operation: Any) -> Any:
    if not isinstance(operation, dict) or "content" not in operation.get("requestBody", {}):
        return operation
    content = {name: body for name, body in operation["requestBody"]["content"].items() if name not in _BARE_FILES}
    return {**operation, "requestBody": {**operation["requestBody"], "content": content}}


def _without_rules_between_members(document: Any) -> Any:
    """The same without "either this member or that one", of which the generator would make a type without members."""
    if isinstance(document, list):
        return [_without_rules_between_members(part) for part in document]
    if not isinstance(document, dict):
        return document
    rules = [word for word in ("oneOf", "anyOf") if "properties" in document and word in document]
    return {name: _without_rules_between_members(part) for name, part in document.items() if name not in rules}


if __name__ == "__main__":
    try:
        build(document(), CLIENT, COLLECTION)
    except subprocess.CalledProcessError as error:
        sys.exit(error.stdout)
