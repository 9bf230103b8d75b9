"""Stripe, played on 127.0.0.1 by its public documentation: intents, refunds, and the webhooks it signs.

with StripeServer() as stripe:
    settings = Settings.from_env({..., **stripe.environ()})
    ...
    stripe.pay(intent_id)
    headers, body = stripe.webhook("payment_intent.succeeded", intent_id)
"""

import hashlib
import hmac
import json
import re
import time
from itertools import count
from typing import Any

from oms.providers.stripe import VERSION
from tests.providers.provider_server import Answer, ProviderServer, Seen, as_json

SECRET_KEY = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET = "whsec_the-newest-of-stripe", "whsec_the-former-of-stripe"
DECLINED = "Your card was declined."
OTHER_PARAMETERS = "Keys for idempotent requests can only be used with the same parameters they were first used with."
IN_PROGRESS = "There is currently another in-progress request using this Idempotent Key."


class StripeServer(ProviderServer):
    """The ledger: `intents`, `charges`, `refunds` by id, and what each idempotency key was answered with.

    `refuse_refunds`: a message that every refund is refused with. `refund_later`: refunds stay pending until
    `process_refund` or `fail_refund`. As at Stripe a key repeats refusals too, once the work has begun.
    """

    # Of all servers of a process: what stands in a database that they share is never two things.
    _numbers = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.intents: dict[str, dict[str, Any]] = {}
        self.charges: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.by_key: dict[str, tuple[str, bytes, Answer]] = {}
        self.refuse_refunds: str | None = None
        self.refund_later = False

    def environ(self) -> dict[str, str]:
        """The environment of an installation that uses this server."""
        return {
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRETS": f"{WEBHOOK_SECRET},{FORMER_WEBHOOK_SECRET}",
            "STRIPE_API_URL": self.url,
        }

    def forget_keys(self) -> None:
        """As if 24 hours had passed."""
        self.by_key.clear()

    # --- what happens at the provider

    def pay(self, intent_id: str, status: str = "captured", amount: int | None = None) -> str:
        """An attempt to pay an intent: its id. `status` authorized, captured, failed, processing or canceled;
        `amount` is what arrives, where it is not all of it."""
        with self.lock:
            intent = self.intents[intent_id]
            taken = intent["amount"] if amount is None else amount
            if status == "failed":
                intent.update(status="requires_payment_method", last_payment_error=_declined())
            elif status == "canceled":
                intent.update(status="canceled", cancellation_reason="abandoned", canceled_at=int(time.time()))
            elif status == "processing":
                intent.update(status="processing", last_payment_error=None)
            else:
                self._charge(intent)
                intent.update(status="requires_capture", amount_capturable=taken, last_payment_error=None)
                if status == "captured":
                    self._take(intent, taken)
            return intent_id

    def process_refund(self, refund_id: str) -> None:
        self.refunds[refund_id]["status"] = "succeeded"

    def fail_refund(self, refund_id: str, reason: str = "expired_or_canceled_card") -> None:
        self.refunds[refund_id].update(status="failed", failure_reason=reason)

    def refund_by_hand(self, intent_id: str, amount: int) -> str:
        """A refund that somebody made in the dashboard: without our metadata."""
        with self.lock:
            return str(self._book(self.intents[intent_id], amount, {})["id"])

    # --- webhooks

    def webhook(
        self,
        event: str,
        object_id: str,
        *,
        secret: str = WEBHOOK_SECRET,
        created: int | None = None,
        sent_at: int | None = None,
        event_id: str | None = None,
    ) -> tuple[dict[str, str], bytes]:
        """The request for an event about an object of the ledger: headers and raw body."""
        found = next(ledger[object_id] for ledger in (self.intents, self.refunds, self.charges) if object_id in ledger)
        document = {
            "id": event_id or self._id("evt"),
            "object": "event",
            "api_version": VERSION,
            "created": int(time.time()) if created is None else created,
            "data": {"object": found},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event,
        }
        body = json.dumps(document, indent=2).encode()
        return self.signed(body, secret=secret, sent_at=sent_at), body

    def signed(self, body: bytes, *, secret: str = WEBHOOK_SECRET, sent_at: int | None = None) -> dict[str, str]:
        """The headers of a webhook with this body."""
        moment = int(time.time()) if sent_at is None else sent_at
        signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": f"t={moment},v1={signature},v0={'0' * 64}",
        }

    # --- the API

    def answer(self, seen: Seen) -> Answer:
        if seen.headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return self.failure(401)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d\.[a-z]+", seen.headers.get("stripe-version", "")):
            return _error(400, "Invalid Stripe API version")
        key = seen.headers.get("idempotency-key") if seen.method == "POST" else None
        if key and key in self.by_key:
            path, body, answer = self.by_key[key]
            same = (path, body) == (seen.path, seen.body)
            return answer if same else _error(400, OTHER_PARAMETERS, type="idempotency_error")
        answer = self._serve(seen)
        if key:
            self.by_key[key] = (seen.path, seen.body, answer)
        return answer

    def failure(self, status: int) -> Answer:
        if status == 401:
            return _error(401, "Invalid API Key provided: sk_test_********************p7dc")
        if status == 409:
            return _error(409, IN_PROGRESS, type="idempotency_error", code="idempotency_key_in_use")
        if status == 429:
            return _error(429, "Request rate limit exceeded.", code="rate_limit")
        if status == 402:
            return _error(402, DECLINED, type="card_error", code="card_declined", decline_code="generic_decline")
        if status >= 500:
            return _error(status, "An unknown error occurred", type="api_error")
        return _error(status, "Amount must be at least $0.50 usd", code="amount_too_small", param="amount")

    def _serve(self, seen: Seen) -> Answer:
        for method, pattern, serve in (
            ("POST", r"/v1/payment_intents", self._create_intent),
            ("GET", r"/v1/payment_intents/([^/]+)", self._get_intent),
            ("POST", r"/v1/payment_intents/([^/]+)/capture", self._capture),
            ("POST", r"/v1/refunds", self._refund),
            ("GET", r"/v1/refunds", self._list_refunds),
            ("GET", r"/v1/refunds/([^/]+)", self._get_refund),
        ):
            match = re.fullmatch(pattern, seen.path)
            if match and seen.method == method:
                found: Answer = serve(seen, *match.groups())
                return found
        return _error(404, f"Unrecognized request URL ({seen.method}: {seen.path}).")

    def _create_intent(self, seen: Seen) -> Answer:
        asked = seen.form()
        if not asked.get("amount", "").isdigit() or not asked.get("currency", "").islower():
            return _error(400, "Invalid integer", code="parameter_invalid_integer", param="amount")
        intent_id = self._id("pi")
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "amount": int(asked["amount"]),
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": {"enabled": asked.get("automatic_payment_methods[enabled]") == "true"},
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": asked.get("capture_method", "automatic_async"),
            "client_secret": f"{intent_id}_secret_YrKJUKribcBjcG8HVhfZluoGH",
            "confirmation_method": "automatic",
            "created": int(time.time()),
            "currency": asked["currency"],
            "customer": None,
            "description": None,
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": _metadata(asked),
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": ["card", "link"],
            "processing": None,
            "receipt_email": None,
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
        }
        return as_json(200, self.intents[intent_id])

    def _get_intent(self, seen: Seen, intent_id: str) -> Answer:
        if intent_id not in self.intents:
            return _missing("payment_intent", intent_id)
        return as_json(200, self._shown(self.intents[intent_id], seen.query))

    def _capture(self, seen: Seen, intent_id: str) -> Answer:
        intent, asked = self.intents.get(intent_id), seen.form()
        if intent is None:
            return _missing("payment_intent", intent_id)
        if intent["status"] != "requires_capture":
            message = f"This PaymentIntent could not be captured because it has a status of {intent['status']}."
            return _error(400, message, code="payment_intent_unexpected_state")
        amount = int(asked.get("amount_to_capture", intent["amount_capturable"]))
        if amount > intent["amount_capturable"]:
            return _error(400, "The payment could not be captured: too much.", code="amount_too_large")
        self._take(intent, amount)
        return as_json(200, self._shown(intent, asked))

    def _refund(self, seen: Seen) -> Answer:
        asked = seen.form()
        intent = self.intents.get(asked["payment_intent"])
        if intent is None:
            return _missing("payment_intent", asked["payment_intent"])
        if self.refuse_refunds:
            return _error(400, self.refuse_refunds, code="balance_insufficient")
        charge = self.charges.get(intent["latest_charge"] or "")
        if charge is None or not charge["captured"]:
            message = "This PaymentIntent does not have a successful charge to refund."
            return _error(400, message, code="payment_intent_unexpected_state")
        left = charge["amount_captured"] - charge["amount_refunded"]
        if not left:
            return _error(400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
        if int(asked["amount"]) > left:
            return _error(400, "Refund amount is greater than unrefunded amount on charge", param="amount")
        return as_json(200, self._book(intent, int(asked["amount"]), _metadata(asked)))

    def _list_refunds(self, seen: Seen) -> Answer:
        wanted, after = seen.query["payment_intent"], seen.query.get("starting_after")
        if wanted not in self.intents:
            return _missing("payment_intent", wanted)
        found = [refund for refund in reversed(self.refunds.values()) if refund["payment_intent"] == wanted]
        start = 1 + [refund["id"] for refund in found].index(after) if after else 0
        page = found[start : start + min(int(seen.query.get("limit", 10)), 100)]
        more = start + len(page) < len(found)
        return as_json(200, {"object": "list", "url": "/v1/refunds", "has_more": more, "data": page})

    def _get_refund(self, seen: Seen, refund_id: str) -> Answer:
        return as_json(200, self.refunds[refund_id]) if refund_id in self.refunds else _missing("refund", refund_id)

    def _charge(self, intent: dict[str, Any]) -> None:
        charge_id = self._id("ch")
        intent["latest_charge"] = charge_id
        self.charges[charge_id] = {
            "id": charge_id,
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": 0,
            "amount_refunded": 0,
            "captured": False,
            "created": int(time.time()),
            "currency": intent["currency"],
            "paid": True,
            "payment_intent": intent["id"],
            "refunded": False,
            "status": "succeeded",
        }

    def _take(self, intent: dict[str, Any], amount: int) -> None:
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        self.charges[intent["latest_charge"]].update(captured=True, amount_captured=amount)

    def _book(self, intent: dict[str, Any], amount: int, metadata: dict[str, str]) -> dict[str, Any]:
        charge, refund_id = self.charges[intent["latest_charge"]], self._id("re")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self.refunds[refund_id] = {
            "id": refund_id,
            "object": "refund",
            "amount": amount,
            "balance_transaction": self._id("txn"),
            "charge": charge["id"],
            "created": int(time.time()),
            "currency": intent["currency"],
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": metadata,
            "payment_intent": intent["id"],
            "reason": None,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if self.refund_later else "succeeded",
            "transfer_reversal": None,
        }
        return self.refunds[refund_id]

    def _shown(self, intent: dict[str, Any], asked: dict[str, str]) -> dict[str, Any]:
        """The intent, with its charge in place of the charge's id where that was asked for."""
        if asked.get("expand[]") != "latest_charge" or not intent["latest_charge"]:
            return intent
        return {**intent, "latest_charge": self.charges[intent["latest_charge"]]}

    def _id(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers):024d}"


def _metadata(asked: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in asked.items() if name.startswith("metadata[")}


def _declined() -> dict[str, Any]:
    return {"code": "card_declined", "decline_code": "insufficient_funds", "message": DECLINED, "type": "card_error"}


def _missing(kind: str, identifier: str) -> Answer:
    return _error(404, f"No such {kind}: '{identifier}'", code="resource_missing", param=kind)


def _error(status: int, message: str, *, type: str = "invalid_request_error", **members: str) -> Answer:
    return as_json(status, {"error": {**members, "message": message, "type": type}})
