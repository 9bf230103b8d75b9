from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.refunds_view_order_status import (
    RefundsViewOrderStatus,
    check_refunds_view_order_status,
)
from ..models.refunds_view_payment_state import (
    RefundsViewPaymentState,
    check_refunds_view_payment_state,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.refund_view import RefundView


T = TypeVar("T", bound="RefundsView")


@_attrs_define
class RefundsView:
    order_id: str | Unset = UNSET
    order_status: RefundsViewOrderStatus | Unset = UNSET
    payment_state: RefundsViewPaymentState | Unset = UNSET
    amount_due: float | str | Unset = UNSET
    """ What is still to be paid. """
    refunds: list[RefundView] | Unset = UNSET

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

        refunds: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.refunds, Unset):
            refunds = []
            for refunds_item_data in self.refunds:
                refunds_item = refunds_item_data.to_dict()
                refunds.append(refunds_item)

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
        if refunds is not UNSET:
            field_dict["refunds"] = refunds

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.refund_view import RefundView  # noqa: PLC0415

        d = dict(src_dict)
        order_id = d.pop("order_id", UNSET)

        _order_status = d.pop("order_status", UNSET)
        order_status: RefundsViewOrderStatus | Unset
        if isinstance(_order_status, Unset):
            order_status = UNSET
        else:
            order_status = check_refunds_view_order_status(_order_status)

        _payment_state = d.pop("payment_state", UNSET)
        payment_state: RefundsViewPaymentState | Unset
        if isinstance(_payment_state, Unset):
            payment_state = UNSET
        else:
            payment_state = check_refunds_view_payment_state(_payment_state)

        def _parse_amount_due(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount_due = _parse_amount_due(d.pop("amount_due", UNSET))

        _refunds = d.pop("refunds", UNSET)
        refunds: list[RefundView] | Unset = UNSET
        if _refunds is not UNSET:
            refunds = []
            for refunds_item_data in _refunds:
                refunds_item = RefundView.from_dict(refunds_item_data)

                refunds.append(refunds_item)

        refunds_view = cls(
            order_id=order_id,
            order_status=order_status,
            payment_state=payment_state,
            amount_due=amount_due,
            refunds=refunds,
        )

        return refunds_view
