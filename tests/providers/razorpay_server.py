"""Razorpay, played on 127.0.0.1 by its public documentation: orders, payments, refunds, and the webhooks it signs.

with RazorpayServer() as razorpay:
    settings = Settings.from_env({..., **razorpay.environ()})
    ...
    payment_id = razorpay.pay(order_id)
    headers, body = razorpay.webhook("payment.captured", payment_id)
"""

import base64
import hashlib
import hmac
import json
import re
import time
from itertools import count
from typing import Any

from tests.providers.provider_server import Answer, ProviderServer, Seen, as_json

KEY_ID, KEY_SECRET = "rzp_test_1DP5mmOlF5G5ag", "thisissupersecretofrazorpay"
WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET = "the-newest-webhook-secret", "the-former-webhook-secret"
IN_PROGRESS = "Another request with the same idempotency key is still in progress."
DIFFERENT = "Different request with the same idempotency key has already been processed."
FULLY_REFUNDED = "The payment has been fully refunded already."
TOO_MUCH = "The refund amount provided is greater than amount captured."
ALREADY_CAPTURED = "This payment has already been captured"
UNKNOWN_ID = "The id provided does not exist"


class RazorpayServer(ProviderServer):
    """The ledger: `orders`, `payments`, `refunds` by id, and what each idempotency key was answered with.

    `refuse_refunds`: a description that every refund is refused with. `refund_later`: refunds stay pending until
    `process_refund` or `fail_refund`. `copies_notes`: whether payments carry the notes of their order; Razorpay's
    checkout only has the notes that the page gave it.
    """

    # Of all servers of a process: what stands in a database that they share is never two things.
    _numbers = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.by_key: dict[str, tuple[bytes, Answer]] = {}
        self.refuse_refunds: str | None = None
        self.refund_later = False
        self.copies_notes = True

    def environ(self) -> dict[str, str]:
        """The environment of an installation that uses this server."""
        return {
            "RAZORPAY_KEY_ID": KEY_ID,
            "RAZORPAY_KEY_SECRET": KEY_SECRET,
            "RAZORPAY_WEBHOOK_SECRETS": f"{WEBHOOK_SECRET},{FORMER_WEBHOOK_SECRET}",
            "RAZORPAY_API_URL": self.url,
        }

    def forget_keys(self) -> None:
        """As if the time had passed after which Razorpay forgets idempotency keys."""
        self.by_key.clear()

    # --- what happens at the provider

    def pay(self, order_id: str, status: str = "captured", amount: int | None = None) -> str:
        """An attempt to pay an order: its id. `status` authorized, captured, failed or created."""
        with self.lock:
            order = self.orders[order_id]
            payment = _payment(self._id("pay"), order, status, order["amount"] if amount is None else amount)
            if self.copies_notes:
                payment["notes"] = order["notes"]
            self.payments[payment["id"]] = payment
            order["attempts"] += 1
            self._settle(payment)
            return str(payment["id"])

    def captured_by_provider(self, payment_id: str) -> None:
        """An authorized payment is captured, as by Razorpay's automatic capture."""
        with self.lock:
            self.payments[payment_id].update(status="captured", captured=True, fee=2, tax=0)
            self._settle(self.payments[payment_id])

    def process_refund(self, refund_id: str) -> None:
        self.refunds[refund_id]["status"] = "processed"

    def fail_refund(self, refund_id: str) -> None:
        """The bank could not pay it out: the money is the merchant's again."""
        with self.lock:
            refund = self.refunds[refund_id]
            payment = self.payments[refund["payment_id"]]
            if refund["status"] != "failed":
                payment["amount_refunded"] -= refund["amount"]
            refund["status"] = "failed"
            payment.update(refund_status="partial" if payment["amount_refunded"] else None, status="captured")

    def refund_by_hand(self, payment_id: str, amount: int) -> str:
        """A refund that somebody made in the dashboard: without our notes."""
        with self.lock:
            return str(self._book(self.payments[payment_id], {"amount": amount})["id"])

    # --- webhooks

    def webhook(
        self,
        event: str,
        entity_id: str,
        *,
        secret: str = WEBHOOK_SECRET,
        created_at: int | None = None,
        event_id: str | None = None,
    ) -> tuple[dict[str, str], bytes]:
        """The request for an event about a payment or a refund of the ledger: headers and raw body."""
        body = json.dumps(self._event(event, entity_id, created_at), separators=(",", ":")).encode()
        return self.signed(body, secret=secret, event_id=event_id), body

    def signed(self, body: bytes, *, secret: str = WEBHOOK_SECRET, event_id: str | None = None) -> dict[str, str]:
        """The headers of a webhook with this body."""
        return {
            "Content-Type": "application/json",
            "X-Razorpay-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
            "x-razorpay-event-id": event_id or self._id("evt").replace("_", ""),
        }

    def _event(self, event: str, entity_id: str, created_at: int | None) -> dict[str, Any]:
        payload: dict[str, Any] = {}
        if entity_id.startswith("rfnd_"):
            payload["refund"] = {"entity": self.refunds[entity_id]}
            entity_id = self.refunds[entity_id]["payment_id"]
        if entity_id in self.payments:
            payload["payment"] = {"entity": self.payments[entity_id]}
        if event.startswith("order."):
            payload["order"] = {"entity": self.orders[self.payments[entity_id]["order_id"]]}
        return {
            "entity": "event",
            "account_id": "acc_BFQ7uQEaa7j2z7",
            "event": event,
            "contains": list(payload),
            "payload": payload,
            "created_at": int(time.time()) if created_at is None else created_at,
        }

    # --- the API

    def answer(self, seen: Seen) -> Answer:
        login = base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
        if seen.headers.get("authorization") != f"Basic {login}":
            return _error(401, "The api key provided is invalid", source="NA", step="NA", reason="NA")
        for method, pattern, serve in (
            ("POST", r"/v1/orders", self._create_order),
            ("GET", r"/v1/orders", self._list_orders),
            ("GET", r"/v1/orders/([^/]+)/payments", self._payments_of),
            ("GET", r"/v1/payments/([^/]+)", self._get_payment),
            ("POST", r"/v1/payments/([^/]+)/capture", self._capture),
            ("POST", r"/v1/payments/([^/]+)/refund", self._refund),
            ("GET", r"/v1/payments/([^/]+)/refunds", self._refunds_of),
            ("GET", r"/v1/payments/([^/]+)/refunds/([^/]+)", self._get_refund),
        ):
            match = re.fullmatch(pattern, seen.path)
            if match and seen.method == method:
                found: Answer = serve(seen, *match.groups())
                return found
        return _error(400, "The requested URL was not found on the server.", source="NA", step="NA", reason="NA")

    def failure(self, status: int) -> Answer:
        if status == 409:
            return _error(409, IN_PROGRESS, source="NA", step="NA", reason="NA")
        if status == 429:
            return _error(429, "Request failed: too many requests", source="NA", step="NA", reason="NA")
        if status == 401:
            return _error(401, "The api key provided is invalid", source="NA", step="NA", reason="NA")
        if status >= 500:
            return _error(status, "We are facing some trouble completing your request", code="SERVER_ERROR")
        return _error(status, "The amount must be at least INR 1.00", field="amount")

    def _create_order(self, seen: Seen) -> Answer:
        asked = seen.json()
        extra = set(asked) - {"amount", "currency", "receipt", "notes", "partial_payment"}
        if extra:
            return _error(400, f"{', '.join(sorted(extra))} is/are not required and should not be sent")
        if type(asked.get("amount")) is not int or asked["amount"] < 1:
            return _error(400, "The amount must be an integer.", field="amount")
        if len(asked.get("receipt") or "") > 40:
            return _error(400, "The receipt may not be greater than 40 characters.", field="receipt")
        order = {
            "amount": asked["amount"],
            "amount_due": asked["amount"],
            "amount_paid": 0,
            "attempts": 0,
            "created_at": int(time.time()),
            "currency": asked["currency"],
            "entity": "order",
            "id": self._id("order"),
            "notes": asked.get("notes") or [],
            "offer_id": None,
            "receipt": asked.get("receipt"),
            "status": "created",
        }
        self.orders[str(order["id"])] = order
        return as_json(200, order)

    def _list_orders(self, seen: Seen) -> Answer:
        wanted = seen.query.get("receipt")
        return _collection([order for order in self.orders.values() if wanted in (None, order["receipt"])])

    def _payments_of(self, seen: Seen, order_id: str) -> Answer:
        if order_id not in self.orders:
            return _error(400, UNKNOWN_ID)
        return _collection([payment for payment in self.payments.values() if payment["order_id"] == order_id])

    def _get_payment(self, seen: Seen, payment_id: str) -> Answer:
        return as_json(200, self.payments[payment_id]) if payment_id in self.payments else _error(400, UNKNOWN_ID)

    def _capture(self, seen: Seen, payment_id: str) -> Answer:
        payment, asked = self.payments.get(payment_id), seen.json()
        if payment is None:
            return _error(400, UNKNOWN_ID)
        if payment["captured"]:
            return _error(400, ALREADY_CAPTURED)
        if payment["status"] != "authorized":
            return _error(400, "Only payments which have been authorized and not yet captured can be captured")
        if asked != {"amount": payment["amount"], "currency": payment["currency"]}:
            return _error(400, "Capture amount must be equal to the amount authorized.")
        self.captured_by_provider(payment_id)
        return as_json(200, payment)

    def _refund(self, seen: Seen, payment_id: str) -> Answer:
        key = seen.headers.get("x-refund-idempotency", "")
        if key and not re.fullmatch(r"[A-Za-z0-9_-]{10,}", key):
            return _error(400, "The idempotency key must be at least 10 characters long.")
        if key in self.by_key:
            body, answer = self.by_key[key]
            return answer if body == seen.body else _error(409, DIFFERENT, source="NA", step="NA", reason="NA")
        answer = self._new_refund(seen, payment_id)
        if key and answer.status == 200:
            self.by_key[key] = (seen.body, answer)
        return answer

    def _new_refund(self, seen: Seen, payment_id: str) -> Answer:
        payment, asked = self.payments.get(payment_id), seen.json()
        if payment is None:
            return _error(400, f"{payment_id} is not a valid id")
        if self.refuse_refunds:
            return _error(400, self.refuse_refunds)
        if set(asked) - {"amount", "speed", "notes", "receipt"}:
            return _error(400, "An extra field is/are not required and should not be sent")
        if not payment["captured"]:
            return _error(400, "The payment status should be captured for action to be taken")
        if payment["amount_refunded"] == payment["amount"]:
            return _error(400, FULLY_REFUNDED)
        if asked["amount"] > payment["amount"] - payment["amount_refunded"]:
            return _error(400, TOO_MUCH)
        return as_json(200, self._book(payment, asked))

    def _book(self, payment: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        refund = {
            "id": self._id("rfnd"),
            "entity": "refund",
            "amount": asked["amount"],
            "receipt": asked.get("receipt"),
            "currency": payment["currency"],
            "payment_id": payment["id"],
            "notes": asked.get("notes") or [],
            "acquirer_data": {"arn": None},
            "created_at": int(time.time()),
            "batch_id": None,
            "status": "pending" if self.refund_later else "processed",
            "speed_processed": "normal",
            "speed_requested": "normal",
        }
        self.refunds[str(refund["id"])] = refund
        payment["amount_refunded"] += refund["amount"]
        whole = payment["amount_refunded"] == payment["amount"]
        payment.update(refund_status="full" if whole else "partial", status="refunded" if whole else payment["status"])
        return refund

    def _refunds_of(self, seen: Seen, payment_id: str) -> Answer:
        if payment_id not in self.payments:
            return _error(400, UNKNOWN_ID)
        found = [refund for refund in reversed(self.refunds.values()) if refund["payment_id"] == payment_id]
        skip = int(seen.query.get("skip", 0))
        return _collection(found[skip : skip + min(int(seen.query.get("count", 10)), 100)])

    def _get_refund(self, seen: Seen, payment_id: str, refund_id: str) -> Answer:
        refund = self.refunds.get(refund_id)
        if refund is None or refund["payment_id"] != payment_id:
            return _error(400, f"{refund_id.removeprefix('rfnd_')} is not a valid id")
        return as_json(200, refund)

    def _settle(self, payment: dict[str, Any]) -> None:
        order = self.orders[payment["order_id"]]
        if payment["captured"]:
            order.update(status="paid", amount_paid=payment["amount"], amount_due=order["amount"] - payment["amount"])
        elif order["status"] == "created":
            order["status"] = "attempted"

    def _id(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers):014d}"


def _payment(payment_id: str, order: dict[str, Any], status: str, amount: int) -> dict[str, Any]:
    captured, failed = status == "captured", status == "failed"
    return {
        "id": payment_id,
        "entity": "payment",
        "amount": amount,
        "currency": order["currency"],
        "status": status,
        "order_id": order["id"],
        "invoice_id": None,
        "international": False,
        "method": "upi",
        "amount_refunded": 0,
        "refund_status": None,
        "captured": captured,
        "description": None,
        "card_id": None,
        "bank": None,
        "wallet": None,
        "vpa": "failure@razorpay" if failed else "success@razorpay",
        "email": "void@razorpay.com",
        "contact": "+919999999999",
        "notes": [],
        "fee": 2 if captured else None,
        "tax": 0 if captured else None,
        "error_code": "BAD_REQUEST_ERROR" if failed else None,
        "error_description": "Payment was unsuccessful due to a temporary issue." if failed else None,
        "error_source": "gateway" if failed else None,
        "error_step": "payment_response" if failed else None,
        "error_reason": "payment_failed" if failed else None,
        "acquirer_data": {"rrn": None},
        "created_at": int(time.time()),
        "upi": {"vpa": "failure@razorpay" if failed else "success@razorpay"},
    }


def _collection(items: list[dict[str, Any]]) -> Answer:
    return as_json(200, {"entity": "collection", "count": len(items), "items": items})


def _error(
    status: int,
    description: str,
    *,
    code: str = "BAD_REQUEST_ERROR",
    source: str = "business",
    step: str = "payment_initiation",
    reason: str = "input_validation_failed",
    field: str | None = None,
) -> Answer:
    error: dict[str, Any] = {
        "code": code,
        "description": description,
        "source": source,
        "step": step,
        "reason": reason,
        "metadata": {},
    }
    return as_json(status, {"error": error | ({"field": field} if field else {})})
