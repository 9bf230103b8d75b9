from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.payment_answer_mode import PaymentAnswerMode, check_payment_answer_mode
from ..models.payment_answer_order_status import (
    PaymentAnswerOrderStatus,
    check_payment_answer_order_status,
)
from ..models.payment_answer_payment_state import (
    PaymentAnswerPaymentState,
    check_payment_answer_payment_state,
)
from ..models.payment_answer_status import (
    PaymentAnswerStatus,
    check_payment_answer_status,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.payment_answer_checkout_type_0 import PaymentAnswerCheckoutType0
    from ..models.payment_refund_view import PaymentRefundView


T = TypeVar("T", bound="PaymentAnswer")


@_attrs_define
class PaymentAnswer:
    payment_id: str | Unset = UNSET
    mode: PaymentAnswerMode | Unset = UNSET
    status: PaymentAnswerStatus | Unset = UNSET
    amount: float | str | Unset = UNSET
    captured_amount: float | str | Unset = UNSET
    refunded_amount: float | str | Unset = UNSET
    refundable_amount: float | str | Unset = UNSET
    attested: bool | Unset = UNSET
    """ The customer's word; no refund is drawn from it. """
    provider: str | Unset = UNSET
    provider_order_id: None | str | Unset = UNSET
    provider_payment_id: None | str | Unset = UNSET
    error: None | str | Unset = UNSET
    """ Why the last attempt to pay failed. """
    created_at: datetime.datetime | Unset = UNSET
    refunds: list[PaymentRefundView] | Unset = UNSET
    order_id: str | Unset = UNSET
    order_status: PaymentAnswerOrderStatus | Unset = UNSET
    payment_state: PaymentAnswerPaymentState | Unset = UNSET
    amount_due: float | str | Unset = UNSET
    """ What is still to be paid. """
    checkout: None | PaymentAnswerCheckoutType0 | Unset = UNSET
    """ What the provider's checkout page needs; null where nothing is to be paid there. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.payment_answer_checkout_type_0 import PaymentAnswerCheckoutType0  # noqa: PLC0415

        payment_id = self.payment_id

        mode: str | Unset = UNSET
        if not isinstance(self.mode, Unset):
            mode = self.mode

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        amount: float | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        captured_amount: float | str | Unset
        if isinstance(self.captured_amount, Unset):
            captured_amount = UNSET
        else:
            captured_amount = self.captured_amount

        refunded_amount: float | str | Unset
        if isinstance(self.refunded_amount, Unset):
            refunded_amount = UNSET
        else:
            refunded_amount = self.refunded_amount

        refundable_amount: float | str | Unset
        if isinstance(self.refundable_amount, Unset):
            refundable_amount = UNSET
        else:
            refundable_amount = self.refundable_amount

        attested = self.attested

        provider = self.provider

        provider_order_id: None | str | Unset
        if isinstance(self.provider_order_id, Unset):
            provider_order_id = UNSET
        else:
            provider_order_id = self.provider_order_id

        provider_payment_id: None | str | Unset
        if isinstance(self.provider_payment_id, Unset):
            provider_payment_id = UNSET
        else:
            provider_payment_id = self.provider_payment_id

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        refunds: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.refunds, Unset):
            refunds = []
            for refunds_item_data in self.refunds:
                refunds_item = refunds_item_data.to_dict()
                refunds.append(refunds_item)

        order_id = self.order_id

        order_status: str | Unset = UNSET
        if not isinstance(self.order_status, Unset):
            order_status = self.order_status

        payment_state: str | Unset = UNSET
        if not isinstance(self.payment_state, Unset):
            payment_state = self.payment_state

        amount_due: float | str | Unset
        if isinstance(self.amount_due, Unset):
            amount_due = UNSET
        else:
            amount_due = self.amount_due

        checkout: dict[str, Any] | None | Unset
        if isinstance(self.checkout, Unset):
            checkout = UNSET
        elif isinstance(self.checkout, PaymentAnswerCheckoutType0):
            checkout = self.checkout.to_dict()
        else:
            checkout = self.checkout

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if payment_id is not UNSET:
            field_dict["payment_id"] = payment_id
        if mode is not UNSET:
            field_dict["mode"] = mode
        if status is not UNSET:
            field_dict["status"] = status
        if amount is not UNSET:
            field_dict["amount"] = amount
        if captured_amount is not UNSET:
            field_dict["captured_amount"] = captured_amount
        if refunded_amount is not UNSET:
            field_dict["refunded_amount"] = refunded_amount
        if refundable_amount is not UNSET:
            field_dict["refundable_amount"] = refundable_amount
        if attested is not UNSET:
            field_dict["attested"] = attested
        if provider is not UNSET:
            field_dict["provider"] = provider
        if provider_order_id is not UNSET:
            field_dict["provider_order_id"] = provider_order_id
        if provider_payment_id is not UNSET:
            field_dict["provider_payment_id"] = provider_payment_id
        if error is not UNSET:
            field_dict["error"] = error
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if refunds is not UNSET:
            field_dict["refunds"] = refunds
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if order_status is not UNSET:
            field_dict["order_status"] = order_status
        if payment_state is not UNSET:
            field_dict["payment_state"] = payment_state
        if amount_due is not UNSET:
            field_dict["amount_due"] = amount_due
        if checkout is not UNSET:
            field_dict["checkout"] = checkout

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.payment_answer_checkout_type_0 import PaymentAnswerCheckoutType0  # noqa: PLC0415
        from ..models.payment_refund_view import PaymentRefundView  # noqa: PLC0415

        d = dict(src_dict)
        payment_id = d.pop("payment_id", UNSET)

        _mode = d.pop("mode", UNSET)
        mode: PaymentAnswerMode | Unset
        if isinstance(_mode, Unset):
            mode = UNSET
        else:
            mode = check_payment_answer_mode(_mode)

        _status = d.pop("status", UNSET)
        status: PaymentAnswerStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_payment_answer_status(_status)

        def _parse_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))

        def _parse_captured_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        captured_amount = _parse_captured_amount(d.pop("captured_amount", UNSET))

        def _parse_refunded_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        refunded_amount = _parse_refunded_amount(d.pop("refunded_amount", UNSET))

        def _parse_refundable_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        refundable_amount = _parse_refundable_amount(d.pop("refundable_amount", UNSET))

        attested = d.pop("attested", UNSET)

        provider = d.pop("provider", UNSET)

        def _parse_provider_order_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        provider_order_id = _parse_provider_order_id(d.pop("provider_order_id", UNSET))

        def _parse_provider_payment_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        provider_payment_id = _parse_provider_payment_id(d.pop("provider_payment_id", UNSET))

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        _refunds = d.pop("refunds", UNSET)
        refunds: list[PaymentRefundView] | Unset = UNSET
        if _refunds is not UNSET:
            refunds = []
            for refunds_item_data in _refunds:
                refunds_item = PaymentRefundView.from_dict(refunds_item_data)

                refunds.append(refunds_item)

        order_id = d.pop("order_id", UNSET)

        _order_status = d.pop("order_status", UNSET)
        order_status: PaymentAnswerOrderStatus | Unset
        if isinstance(_order_status, Unset):
            order_status = UNSET
        else:
            order_status = check_payment_answer_order_status(_order_status)

        _payment_state = d.pop("payment_state", UNSET)
        payment_state: PaymentAnswerPaymentState | Unset
        if isinstance(_payment_state, Unset):
            payment_state = UNSET
        else:
            payment_state = check_payment_answer_payment_state(_payment_state)

        def _parse_amount_due(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount_due = _parse_amount_due(d.pop("amount_due", UNSET))

        def _parse_checkout(data: object) -> None | PaymentAnswerCheckoutType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                checkout_type_0 = PaymentAnswerCheckoutType0.from_dict(data)

                return checkout_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PaymentAnswerCheckoutType0 | Unset, data)

        checkout = _parse_checkout(d.pop("checkout", UNSET))

        payment_answer = cls(
            payment_id=payment_id,
            mode=mode,
            status=status,
            amount=amount,
            captured_amount=captured_amount,
            refunded_amount=refunded_amount,
            refundable_amount=refundable_amount,
            attested=attested,
            provider=provider,
            provider_order_id=provider_order_id,
            provider_payment_id=provider_payment_id,
            error=error,
            created_at=created_at,
            refunds=refunds,
            order_id=order_id,
            order_status=order_status,
            payment_state=payment_state,
            amount_due=amount_due,
            checkout=checkout,
        )

        return payment_answer
