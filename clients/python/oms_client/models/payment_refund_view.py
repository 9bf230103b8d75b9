from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.payment_refund_view_status import (
    PaymentRefundViewStatus,
    check_payment_refund_view_status,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="PaymentRefundView")


@_attrs_define
class PaymentRefundView:
    refund_id: str | Unset = UNSET
    status: PaymentRefundViewStatus | Unset = UNSET
    amount: float | str | Unset = UNSET
    cause: str | Unset = UNSET
    """ amount, items, cancel, return, capture or excess. """
    reason: None | str | Unset = UNSET
    credit_note_number: None | str | Unset = UNSET
    provider_refund_id: None | str | Unset = UNSET
    error: None | str | Unset = UNSET
    """ Why it failed. """
    created_at: datetime.datetime | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        refund_id = self.refund_id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        amount: float | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        cause = self.cause

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        credit_note_number: None | str | Unset
        if isinstance(self.credit_note_number, Unset):
            credit_note_number = UNSET
        else:
            credit_note_number = self.credit_note_number

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

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if refund_id is not UNSET:
            field_dict["refund_id"] = refund_id
        if status is not UNSET:
            field_dict["status"] = status
        if amount is not UNSET:
            field_dict["amount"] = amount
        if cause is not UNSET:
            field_dict["cause"] = cause
        if reason is not UNSET:
            field_dict["reason"] = reason
        if credit_note_number is not UNSET:
            field_dict["credit_note_number"] = credit_note_number
        if provider_refund_id is not UNSET:
            field_dict["provider_refund_id"] = provider_refund_id
        if error is not UNSET:
            field_dict["error"] = error
        if created_at is not UNSET:
            field_dict["created_at"] = created_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        refund_id = d.pop("refund_id", UNSET)

        _status = d.pop("status", UNSET)
        status: PaymentRefundViewStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_payment_refund_view_status(_status)

        def _parse_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))

        cause = d.pop("cause", UNSET)

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_credit_note_number(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        credit_note_number = _parse_credit_note_number(d.pop("credit_note_number", UNSET))

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

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        payment_refund_view = cls(
            refund_id=refund_id,
            status=status,
            amount=amount,
            cause=cause,
            reason=reason,
            credit_note_number=credit_note_number,
            provider_refund_id=provider_refund_id,
            error=error,
            created_at=created_at,
        )

        return payment_refund_view
