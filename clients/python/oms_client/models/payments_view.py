from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.payments_view_order_status import (
    PaymentsViewOrderStatus,
    check_payments_view_order_status,
)
from ..models.payments_view_payment_state import (
    PaymentsViewPaymentState,
    check_payments_view_payment_state,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.payment_view import PaymentView


T = TypeVar("T", bound="PaymentsView")


@_attrs_define
class PaymentsView:
    order_id: str | Unset = UNSET
    order_status: PaymentsViewOrderStatus | Unset = UNSET
    payment_state: PaymentsViewPaymentState | Unset = UNSET
    amount_due: float | str | Unset = UNSET
    """ What is still to be paid. """
    payments: list[PaymentView] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
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

        payments: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payments, Unset):
            payments = []
            for payments_item_data in self.payments:
                payments_item = payments_item_data.to_dict()
                payments.append(payments_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if order_status is not UNSET:
            field_dict["order_status"] = order_status
        if payment_state is not UNSET:
            field_dict["payment_state"] = payment_state
        if amount_due is not UNSET:
            field_dict["amount_due"] = amount_due
        if payments is not UNSET:
            field_dict["payments"] = payments

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.payment_view import PaymentView  # noqa: PLC0415

        d = dict(src_dict)
        order_id = d.pop("order_id", UNSET)

        _order_status = d.pop("order_status", UNSET)
        order_status: PaymentsViewOrderStatus | Unset
        if isinstance(_order_status, Unset):
            order_status = UNSET
        else:
            order_status = check_payments_view_order_status(_order_status)

        _payment_state = d.pop("payment_state", UNSET)
        payment_state: PaymentsViewPaymentState | Unset
        if isinstance(_payment_state, Unset):
            payment_state = UNSET
        else:
            payment_state = check_payments_view_payment_state(_payment_state)

        def _parse_amount_due(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount_due = _parse_amount_due(d.pop("amount_due", UNSET))

        _payments = d.pop("payments", UNSET)
        payments: list[PaymentView] | Unset = UNSET
        if _payments is not UNSET:
            payments = []
            for payments_item_data in _payments:
                payments_item = PaymentView.from_dict(payments_item_data)

                payments.append(payments_item)

        payments_view = cls(
            order_id=order_id,
            order_status=order_status,
            payment_state=payment_state,
            amount_due=amount_due,
            payments=payments,
        )

        return payments_view
