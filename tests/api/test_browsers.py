"""What browsers are told: the allow-list of origins, and the headers every answer carries."""

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
