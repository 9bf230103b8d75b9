"""Callbacks with a genuine signature and anything at all in them: never a 5xx, and no money that nobody has paid."""

import json
from typing import Any

import pytest

from oms.ids import new_id
from tests import paying
from tests.api.hostile_bodies import UNREADABLE, WRONG, spoilt
from tests.paying import CAPTURED, Shop

installation = pytest.fixture(scope="module")(paying.installation)
shop = pytest.fixture(paying.shop)
PROVIDERS = pytest.mark.parametrize("provider", ["razorpay", "stripe"])
OUTCOMES = {"applied", "nothing_new", "unmatched", "unreadable", "bad_signature"}


def outcome(shop: Shop, provider: str, body: bytes) -> str:
    answer = shop.anonymous.post(f"/payment-events/{provider}", body, headers=shop.server(provider).signed(body))
    if answer.status_code == 400:
        return str(answer.get_json()["code"])
    assert answer.status_code == 200, (body[:300], answer.data)
    return str(answer.get_json()["outcome"])


@PROVIDERS
def test_what_can_not_be_read_or_means_nothing_is_taken_note_of(shop: Shop, provider: str) -> None:
    for name, body, *_ in UNREADABLE:
        assert outcome(shop, provider, body) == "unreadable", name
    for name, document in WRONG:
        assert outcome(shop, provider, json.dumps(document).encode()) in ("unreadable", "nothing_new"), name


@PROVIDERS
def test_an_event_with_a_spoilt_value_takes_in_no_other_money(shop: Shop, provider: str) -> None:
    shop.use(provider)
    order = shop.order()
    part = shop.part(order)
    _, genuine = shop.server(provider).webhook(CAPTURED[provider], shop.server(provider).pay(part["provider_order_id"]))
    known = json.loads(genuine)
    seen = {outcome(shop, provider, _another(document, known)) for document in spoilt(known)}
    assert {"unreadable", "applied"} <= seen <= OUTCOMES
    (payment,) = shop.now(order)["payments"]
    assert payment["captured_amount"] in (0, 100)
    assert not payment["refunds"]


def _another(document: Any, known: Any) -> bytes:
    """With an id of its own, for Stripe's events have theirs in the body: none of them is a repetition."""
    if "id" in known and document.get("id") == known["id"]:
        document = {**document, "id": f"evt_{new_id()}"}
    return json.dumps(document).encode()
