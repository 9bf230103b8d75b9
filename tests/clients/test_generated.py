"""What is kept in clients/ is what the OpenAPI document says today."""

import filecmp
import json
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.callers import Caller
from tests.docs import pages

CLIENTS = pages.ROOT / "clients"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = spec_from_file_location("build_clients", CLIENTS / "build.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def document(anonymous: Caller) -> Any:
    """The document as it is served."""
    return anonymous.get("/openapi.json").json


def files(folder: Path) -> dict[str, Path]:
    return {
        str(path.relative_to(folder)): path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_client_and_the_collection_are_what_the_document_says(
    builder: ModuleType, document: Any, tmp_path: Path
) -> None:
    builder.build(document, tmp_path / "client", tmp_path / "bruno")
    for kept, made in ((builder.CLIENT, tmp_path / "client"), (builder.COLLECTION, tmp_path / "bruno")):
        there, wanted = files(kept), files(made)
        assert there.keys() == wanted.keys(), "run: make client"
        different = [name for name in wanted if not filecmp.cmp(there[name], wanted[name], shallow=False)]
        assert different == [], "run: make client"


def test_every_operation_has_its_own_name(document: Any) -> None:
    names = [
        operation["operationId"]
        for operations in document["paths"].values()
        for method, operation in operations.items()
        if method in METHODS
    ]
    assert len(names) == len(set(names)) > 50


@pytest.mark.parametrize("path", sorted((CLIENTS / "bruno").rglob("*.bru")), ids=lambda path: path.stem)
def test_a_request_of_the_collection_is_well_formed(path: Path) -> None:
    """Blocks open and close at the beginning of a line, and a JSON body is JSON."""
    text = path.read_text()
    opened = re.findall(r"^[a-z][a-z:-]* [\[{]$", text, re.MULTILINE)
    closed = re.findall(r"^[\]}]$", text, re.MULTILINE)
    assert len(opened) == len(closed) > 0
    if body := re.search(r"^body:json \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        json.loads(body[1])
