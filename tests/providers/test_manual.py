"""Payments by hand: there is no provider, so nothing can be opened, asked or called back."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from oms.providers.manual import Manual
from oms.providers.provider import (
    BadSignature,
    PaymentRequest,
    Provider,
    ProviderRefund,
    ProviderRefused,
    RefundRequest,
)

REFUND = RefundRequest("o-1", "P" * 26, "R" * 26, None, Decimal("7.50"), "USD", "refund-key-1", 1)


@pytest.fixture
def manual() -> Provider:
    return Manual()


def test_it_is_staffs_word_that_counts(manual: Provider) -> None:
    assert (manual.name, manual.confirms) == ("manual", False)


def test_there_is_nothing_to_open(manual: Provider) -> None:
    with pytest.raises(ProviderRefused) as caught:
        manual.create(PaymentRequest("o-1", "P" * 26, Decimal(5), "USD"))
    assert caught.value.reason == "nothing to open"
    assert caught.value.code == "provider_refused"


def test_there_is_nothing_to_capture(manual: Provider) -> None:
    with pytest.raises(ProviderRefused):
        manual.capture("pay_1", Decimal(5), "USD")


def test_a_refund_is_processed_at_once(manual: Provider) -> None:
    assert manual.refund(REFUND) == ProviderRefund(
        None, "processed", Decimal("7.50"), "USD", "refund-key-1", None, None
    )


def test_nobody_knows_payments_or_refunds(manual: Provider) -> None:
    assert (manual.payments_of("order_1"), manual.refunds_of("pay_1")) == ([], [])
    with pytest.raises(ProviderRefused):
        manual.refund_state("pay_1", "rfnd_1")


def test_no_callback_is_believed(manual: Provider) -> None:
    with pytest.raises(BadSignature) as caught:
        manual.verify({"X-Razorpay-Signature": "0" * 64}, b"{}", datetime.now(UTC))
    assert caught.value.code == "bad_signature"
