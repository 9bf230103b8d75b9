from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.placed_payment_view import PlacedPaymentView


T = TypeVar("T", bound="PlacedView")


@_attrs_define
class PlacedView:
    success: bool | Unset = UNSET
    message: str | Unset = UNSET
    order_id: str | Unset = UNSET
    eta: datetime.datetime | None | Unset = UNSET
    status: str | Unset = UNSET
    total_amount: float | str | Unset = UNSET
    payments: list[PlacedPaymentView] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        success = self.success

        message = self.message

        order_id = self.order_id

        eta: None | str | Unset
        if isinstance(self.eta, Unset):
            eta = UNSET
        elif isinstance(self.eta, datetime.datetime):
            eta = self.eta.isoformat()
        else:
            eta = self.eta

        status = self.status

        total_amount: float | str | Unset
        if isinstance(self.total_amount, Unset):
            total_amount = UNSET
        else:
            total_amount = self.total_amount

        payments: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payments, Unset):
            payments = []
            for payments_item_data in self.payments:
                payments_item = payments_item_data.to_dict()
                payments.append(payments_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if success is not UNSET:
            field_dict["success"] = success
        if message is not UNSET:
            field_dict["message"] = message
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if eta is not UNSET:
            field_dict["eta"] = eta
        if status is not UNSET:
            field_dict["status"] = status
        if total_amount is not UNSET:
            field_dict["total_amount"] = total_amount
        if payments is not UNSET:
            field_dict["payments"] = payments

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.placed_payment_view import PlacedPaymentView  # noqa: PLC0415

        d = dict(src_dict)
        success = d.pop("success", UNSET)

        message = d.pop("message", UNSET)

        order_id = d.pop("order_id", UNSET)

        def _parse_eta(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                eta_type_0 = datetime.datetime.fromisoformat(data)

                return eta_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        eta = _parse_eta(d.pop("eta", UNSET))

        status = d.pop("status", UNSET)

        def _parse_total_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        total_amount = _parse_total_amount(d.pop("total_amount", UNSET))

        _payments = d.pop("payments", UNSET)
        payments: list[PlacedPaymentView] | Unset = UNSET
        if _payments is not UNSET:
            payments = []
            for payments_item_data in _payments:
                payments_item = PlacedPaymentView.from_dict(payments_item_data)

                payments.append(payments_item)

        placed_view = cls(
            success=success,
            message=message,
            order_id=order_id,
            eta=eta,
            status=status,
            total_amount=total_amount,
            payments=payments,
        )

        return placed_view
