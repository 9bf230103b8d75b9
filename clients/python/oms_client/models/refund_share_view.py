from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.refund_share_view_status import (
    RefundShareViewStatus,
    check_refund_share_view_status,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="RefundShareView")


@_attrs_define
class RefundShareView:
    payment_id: str | Unset = UNSET
    amount: float | str | Unset = UNSET
    status: RefundShareViewStatus | Unset = UNSET
    provider_refund_id: None | str | Unset = UNSET
    error: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        payment_id = self.payment_id

        amount: float | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        provider_refund_id: None | str | Unset
        if isinstance(self.provider_refund_id, Unset):
            provider_refund_id = UNSET
        else:
            provider_refund_id = self.provider_refund_id

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if payment_id is not UNSET:
            field_dict["payment_id"] = payment_id
        if amount is not UNSET:
            field_dict["amount"] = amount
        if status is not UNSET:
            field_dict["status"] = status
        if provider_refund_id is not UNSET:
            field_dict["provider_refund_id"] = provider_refund_id
        if error is not UNSET:
            field_dict["error"] = error

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        payment_id = d.pop("payment_id", UNSET)

        def _parse_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))

        _status = d.pop("status", UNSET)
        status: RefundShareViewStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_refund_share_view_status(_status)

        def _parse_provider_refund_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        provider_refund_id = _parse_provider_refund_id(d.pop("provider_refund_id", UNSET))

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        refund_share_view = cls(
            payment_id=payment_id,
            amount=amount,
            status=status,
            provider_refund_id=provider_refund_id,
            error=error,
        )

        return refund_share_view
