"""What the product asks of a payment provider, and the data that goes to and fro; amounts are Decimals in the main
unit of their currency, never a provider's minor units."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from oms.errors import Conflict, Malformed, Unavailable

PENDING, AUTHORIZED, CAPTURED, PROCESSED, FAILED = "pending", "authorized", "captured", "processed", "failed"
PAYMENT, REFUND, OTHER = "payment", "refund", "other"
_MAX_REASON = 200
_ORDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,50}")
_PAYMENT_ID = re.compile(r"[0-9A-Z]{26}")


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """Open a payment at the provider; asking again with the same `payment_id` never takes money twice."""

    order_id: str
    payment_id: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class OpenedPayment:
    """`client` is what the checkout page needs: meant for the payer, so it stays out of logs."""

    provider_order_id: str
    client: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """One attempt to pay, as the provider sees it. `status` is pending, authorized, captured or failed.

    A failed attempt is not the end of what was opened: the payer may try again. `order_id` and `payment_id` are our own
    references where the provider still has them, and None otherwise.
    """

    provider_payment_id: str
    provider_order_id: str | None
    status: str
    amount: Decimal
    captured_amount: Decimal
    refunded_amount: Decimal
    currency: str
    order_id: str | None
    payment_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Pay money back. `key` is the same in every attempt at one refund; from attempt 2 on the provider may know it."""

    order_id: str
    payment_id: str
    refund_id: str
    provider_payment_id: str | None
    amount: Decimal
    currency: str
    key: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund as the provider sees it. `status` is pending, processed or failed; a processed one may fail later."""

    provider_refund_id: str | None
    status: str
    amount: Decimal
    currency: str
    key: str | None
    provider_payment_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One verified callback. `kind` is payment, refund or other; the member of that name is set."""

    event_id: str
    kind: str
    occurred_at: datetime
    payment: ProviderPayment | None = None
    refund: ProviderRefund | None = None


class ProviderUnavailable(Unavailable):
    """No answer, or none that settles it: the outcome is unknown. Ask again with the same key."""

    code = "provider_unavailable"


class ProviderRefused(Conflict):
    """A definite no: nothing has happened at the provider. `reason` is short text for people, without secrets."""

    code = "provider_refused"

    def __init__(self, reason: str) -> None:
        self.reason = short(reason) or "no reason given"
        super().__init__(f"The payment provider refused: {self.reason}")


class BadSignature(Malformed):
    """Not from the provider, altered on the way, or too old."""

    code = "bad_signature"


class Provider(Protocol):
    """Every method but `verify` may raise `ProviderUnavailable` and `ProviderRefused`."""

    @property
    def name(self) -> str: ...

    @property
    def confirms(self) -> bool:
        """True: only the provider can say that money was captured. False: staff's word is enough."""
        ...

    def create(self, request: PaymentRequest) -> OpenedPayment: ...

    def payments_of(self, provider_order_id: str) -> list[ProviderPayment]:
        """All attempts at one opened payment."""
        ...

    def capture(self, provider_payment_id: str, amount: Decimal, currency: str) -> ProviderPayment:
        """Take authorized money; what is captured already is no error, its state is the answer."""
        ...

    def refund(self, request: RefundRequest) -> ProviderRefund: ...

    def refund_state(self, provider_payment_id: str, provider_refund_id: str) -> ProviderRefund: ...

    def refunds_of(self, provider_payment_id: str) -> list[ProviderRefund]: ...

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """Read a callback; `headers` in any case, `body` as it came. Raises `BadSignature`, and `Malformed` or
        `Invalid` for what is signed and can't be read."""
        ...


def short(text: object) -> str | None:
    """A provider's words in one line of printable characters, cut; None where there are none."""
    if not isinstance(text, str):
        return None
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * _MAX_REASON]).split())
    return line[:_MAX_REASON] or None


def own_order_id(text: object) -> str | None:
    """One of our order ids, or None for anything else that came back under its name."""
    return text if isinstance(text, str) and _ORDER_ID.fullmatch(text) else None


def own_payment_id(text: object) -> str | None:
    """One of our payment ids, or None for anything else that came back under its name."""
    return text if isinstance(text, str) and _PAYMENT_ID.fullmatch(text) else None
