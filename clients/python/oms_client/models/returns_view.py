from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.returns_view_order_status import (
    ReturnsViewOrderStatus,
    check_returns_view_order_status,
)
from ..models.returns_view_payment_state import (
    ReturnsViewPaymentState,
    check_returns_view_payment_state,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.return_view import ReturnView


T = TypeVar("T", bound="ReturnsView")


@_attrs_define
class ReturnsView:
    order_id: str | Unset = UNSET
    order_status: ReturnsViewOrderStatus | Unset = UNSET
    payment_state: ReturnsViewPaymentState | Unset = UNSET
    amount_due: float | str | Unset = UNSET
    """ What is still to be paid. """
    returns: list[ReturnView] | Unset = UNSET

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

        returns: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.returns, Unset):
            returns = []
            for returns_item_data in self.returns:
                returns_item = returns_item_data.to_dict()
                returns.append(returns_item)

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
        if returns is not UNSET:
            field_dict["returns"] = returns

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.return_view import ReturnView  # noqa: PLC0415

        d = dict(src_dict)
        order_id = d.pop("order_id", UNSET)

        _order_status = d.pop("order_status", UNSET)
        order_status: ReturnsViewOrderStatus | Unset
        if isinstance(_order_status, Unset):
            order_status = UNSET
        else:
            order_status = check_returns_view_order_status(_order_status)

        _payment_state = d.pop("payment_state", UNSET)
        payment_state: ReturnsViewPaymentState | Unset
        if isinstance(_payment_state, Unset):
            payment_state = UNSET
        else:
            payment_state = check_returns_view_payment_state(_payment_state)

        def _parse_amount_due(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount_due = _parse_amount_due(d.pop("amount_due", UNSET))

        _returns = d.pop("returns", UNSET)
        returns: list[ReturnView] | Unset = UNSET
        if _returns is not UNSET:
            returns = []
            for returns_item_data in _returns:
                returns_item = ReturnView.from_dict(returns_item_data)

                returns.append(returns_item)

        returns_view = cls(
            order_id=order_id,
            order_status=order_status,
            payment_state=payment_state,
            amount_due=amount_due,
            returns=returns,
        )

        return returns_view
