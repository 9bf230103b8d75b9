"""The OpenAPI document against the application and against its specification; test_schemathesis.py goes by it."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from schemathesis.specs.openapi.definitions import OPENAPI_31
from werkzeug.routing import Rule

from oms.web.access import PUBLIC

# The pages that show the document.
UNDOCUMENTED = {"/health/page.css", "/docs", "/docs/assets/{name}", "/openapi.json"}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
ORDER_PATHS = "^/(orders|create_order|get_order_details|update_|order-statuses|cancel-reasons|return-reasons|events)"
# Routes that read a body: too large, not JSON, another media type.
BODY_ANSWERS = {"400", "413", "415", "422"}


@pytest.fixture(scope="module")
def document(app: Flask) -> Any:
    return json.loads(app.test_client().get("/openapi.json").data)


def operations(document: Any) -> dict[tuple[str, str], Any]:
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method.upper() in METHODS
    }


def path_of(rule: Rule) -> str:
    return re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)


def test_every_route_is_documented_and_nothing_else(app: Flask, document: Any) -> None:
    served = {
        (method, path_of(rule))
        for rule in app.url_map.iter_rules()
        if path_of(rule) not in UNDOCUMENTED and not rule.endpoint.startswith("console.")
        for method in METHODS & set(rule.methods or ())
    }
    assert set(operations(document)) == served


def test_the_document_is_openapi_3_1(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    errors = list(jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(document))
    assert [(list(error.instance_path), error.message[:200]) for error in errors] == []


def test_every_schema_in_it_is_a_json_schema_and_every_reference_leads_somewhere(document: Any) -> None:
    def visit(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                found = document
                for part in value["$ref"].removeprefix("#/").split("/"):
                    found = found[part]
            for member in value.values():
                visit(member)
        elif isinstance(value, list):
            for member in value:
                visit(member)

    visit(document)
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_every_operation_has_a_summary_and_a_name_of_its_own(document: Any) -> None:
    found = operations(document)
    assert all(operation["summary"].endswith((".", "?")) for operation in found.values())
    names = [operation["operationId"] for operation in found.values() if "operationId" in operation]
    assert len(names) == len(set(names))


def test_every_operation_says_who_may_call_it(app: Flask, document: Any) -> None:
    policies = {
        (method, path_of(rule)): app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for key, operation in operations(document).items():
        assert (operation["security"] == []) == (policies[key] is PUBLIC), key
        for requirement in operation["security"]:
            assert set(requirement) <= set(document["components"]["securitySchemes"]), key


def test_refusals_are_documented_as_problems(document: Any) -> None:
    probes = ("/health", "/metrics")
    for (method, path), operation in operations(document).items():
        answers = operation["responses"]
        if not path.startswith((*probes, "/payment-events")):
            assert "429" in answers, (method, path)
        if operation["security"]:
            assert "401" in answers, (method, path)
        for status, answer in answers.items():
            if status.isdigit() and int(status) >= 400 and not path.startswith(probes):
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (method, path, status)


def test_order_routes_document_every_answer_the_design_names(document: Any) -> None:
    for (method, path), operation in operations(document).items():
        if not re.match(ORDER_PATHS, path) or not operation["security"]:
            continue
        answers = set(operation["responses"])
        assert {"401", "403", "429", "503"} <= answers, (method, path)
        if method != "GET":
            assert answers >= BODY_ANSWERS | {"409"}, (method, path)
        if method in ("PUT", "PATCH") or "cancel" in path:
            assert {"404", "412"} <= answers, (method, path)
            headers = {parameter.get("name") for parameter in operation["parameters"]}
            assert {"Idempotency-Key", "If-Match"} <= headers, (method, path)


def test_reading_an_order_documents_304(document: Any) -> None:
    for path in ("/orders/{order_id}", "/get_order_details"):
        assert "304" in document["paths"][path]["get"]["responses"]


def test_both_seeds_bodies_are_its_examples(document: Any) -> None:
    body = document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"]["lines"]["value"]["order_id"] == "ORD-001"
    assert body["examples"]["free-form"]["value"]["items"]["coffee"]
    assert len(body["schema"]["oneOf"]) == 2


@pytest.mark.parametrize(
    ("name", "body", "fits"),
    [
        ("TaxLineBody", {"name": "GST", "rate": 18}, True),
        ("TaxLineBody", {"name": "GST", "rate": 18, "amount": 1}, False),
        ("TaxLineBody", {"name": "GST"}, False),
        ("RefundBody", {"amount": 1}, True),
        ("RefundBody", {"amount": 1, "items": [{"line_no": 1, "quantity": 1}]}, False),
        ("RefundBody", {"reason": "damaged"}, False),
        ("UpdateBody", {"items": {"tea": 1}}, True),
        ("UpdateBody", {"items": None}, False),
        ("UpdateBody", {"currency": "EUR"}, True),
        ("UpdateBody", {"currency": "EURO"}, False),
        ("UpdateBody", {}, False),
        ("StatusBody", {"status": "con\u0000firmed"}, False),
        ("Registration", {"email": "a@example.com", "password": "a\u0007aaaaaaa"}, False),
    ],
)
def test_rules_between_fields_and_about_characters_are_in_it(document: Any, name: str, body: Any, fits: bool) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(body) == fits
