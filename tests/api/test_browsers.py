"""What browsers are told: the allow-list of origins, and the headers every answer carries."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import Servers
from tests.floor import applications

SHOP = "https://shop.example.com"


@pytest.fixture
def client(app: Flask, servers: Servers) -> Iterator[FlaskClient]:
    with applications.another(app, servers, CORS_ORIGINS=f"{SHOP},https://admin.example.com") as made:
        yield made.test_client()


def test_a_listed_origin_may_read_the_answer_and_its_headers(client: FlaskClient) -> None:
    answer = client.get("/order-statuses", headers={"Origin": SHOP})
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", SHOP + ".evil.example.com"])
def test_another_origin_may_not(client: FlaskClient, origin: str) -> None:
    answer = client.get("/order-statuses", headers={"Origin": origin})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_preflight_needs_no_token_and_names_what_may_be_sent(client: FlaskClient) -> None:
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "PATCH"}
    answer = client.options("/orders/ORD-1", headers=asked)
    assert answer.status_code == 200
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]


def test_without_a_list_no_origin_is_allowed(app: Flask) -> None:
    assert (
        "Access-Control-Allow-Origin" not in app.test_client().get("/order-statuses", headers={"Origin": SHOP}).headers
    )


def test_every_answer_stays_in_its_place(app: Flask) -> None:
    headers = app.test_client().get("/nowhere").headers
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")


def test_only_an_answer_over_tls_asks_for_tls(app: Flask) -> None:
    plain, secure = (app.test_client().get("/docs", base_url=f"{scheme}://localhost") for scheme in ("http", "https"))
    assert "Strict-Transport-Security" not in plain.headers
    assert "max-age=" in secure.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("path", ["/docs", "/docs/assets/start.js", "/openapi.json", "/health", "/orders", "/nowhere"])
def test_every_answer_has_the_policies_browsers_keep_to(app: Flask, path: str) -> None:
    headers = app.test_client().get(path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_only_the_page_for_people_may_load_anything_and_that_from_here(app: Flask) -> None:
    def policy(path: str) -> dict[str, str]:
        parts = app.test_client().get(path).headers["Content-Security-Policy"].split(";")
        return {name: value for name, _, value in (part.strip().partition(" ") for part in parts)}

    assert policy("/health")["default-src"] == "'none'"
    page = policy("/docs")
    assert page["default-src"] == "'self'"
    assert "script-src" not in page
    assert (page["base-uri"], page["object-src"], page["form-action"]) == ("'none'", "'none'", "'self'")


def test_the_page_for_people_holds_no_script_of_its_own(app: Flask) -> None:
    page = app.test_client().get("/docs").text
    assert [script for script in re.findall(r"<script([^>]*)>", page) if "src=" not in script] == []
    assert not re.search(r"""\son\w+=|javascript:""", page)


def test_a_proxy_that_is_trusted_may_say_that_the_caller_came_over_tls(app: Flask, servers: Servers) -> None:
    said = {"X-Forwarded-Proto": "https"}
    assert "Strict-Transport-Security" not in app.test_client().get("/health", headers=said).headers
    with applications.another(app, servers, TRUSTED_PROXY_HOPS="1") as behind:
        assert "Strict-Transport-Security" in behind.test_client().get("/health", headers=said).headers
