"""No provider at all: cash, and cards on somebody else's machine. Staff say what was paid and what was given back."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from oms.providers.provider import (
    PROCESSED,
    BadSignature,
    OpenedPayment,
    PaymentRequest,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    RefundRequest,
)


class Manual:
    """Knows nothing and refuses nothing but what only a provider could do."""

    name = "manual"
    confirms = False

    def create(self, request: PaymentRequest) -> OpenedPayment:
        raise ProviderRefused("nothing to open")

    def payments_of(self, provider_order_id: str) -> list[ProviderPayment]:
        return []

    def capture(self, provider_payment_id: str, amount: Decimal, currency: str) -> ProviderPayment:
        raise ProviderRefused("nothing to capture")

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Processed at once: whoever asks for it has handed the money over."""
        return ProviderRefund(
            provider_refund_id=None,
            status=PROCESSED,
            amount=request.amount,
            currency=request.currency,
            key=request.key,
            provider_payment_id=request.provider_payment_id,
            error=None,
        )

    def refund_state(self, provider_payment_id: str, provider_refund_id: str) -> ProviderRefund:
        raise ProviderRefused("no such refund")

    def refunds_of(self, provider_payment_id: str) -> list[ProviderRefund]:
        return []

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        raise BadSignature("Nobody sends callbacks for payments by hand.")
