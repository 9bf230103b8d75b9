from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.refund_view_status import RefundViewStatus, check_refund_view_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.refund_share_view import RefundShareView
    from ..models.refunded_item_view import RefundedItemView


T = TypeVar("T", bound="RefundView")


@_attrs_define
class RefundView:
    refund_id: str | Unset = UNSET
    status: RefundViewStatus | Unset = UNSET
    amount: float | str | Unset = UNSET
    cause: str | Unset = UNSET
    """ amount, items, cancel, return, capture or excess. """
    reason: None | str | Unset = UNSET
    remarks: None | str | Unset = UNSET
    items: list[RefundedItemView] | None | Unset = UNSET
    credit_note_number: None | str | Unset = UNSET
    payments: list[RefundShareView] | Unset = UNSET
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

        remarks: None | str | Unset
        if isinstance(self.remarks, Unset):
            remarks = UNSET
        else:
            remarks = self.remarks

        items: list[dict[str, Any]] | None | Unset
        if isinstance(self.items, Unset):
            items = UNSET
        elif isinstance(self.items, list):
            items = []
            for items_type_0_item_data in self.items:
                items_type_0_item = items_type_0_item_data.to_dict()
                items.append(items_type_0_item)

        else:
            items = self.items

        credit_note_number: None | str | Unset
        if isinstance(self.credit_note_number, Unset):
            credit_note_number = UNSET
        else:
            credit_note_number = self.credit_note_number

        payments: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payments, Unset):
            payments = []
            for payments_item_data in self.payments:
                payments_item = payments_item_data.to_dict()
                payments.append(payments_item)

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
        if remarks is not UNSET:
            field_dict["remarks"] = remarks
        if items is not UNSET:
            field_dict["items"] = items
        if credit_note_number is not UNSET:
            field_dict["credit_note_number"] = credit_note_number
        if payments is not UNSET:
            field_dict["payments"] = payments
        if created_at is not UNSET:
            field_dict["created_at"] = created_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.refund_share_view import RefundShareView  # noqa: PLC0415
        from ..models.refunded_item_view import RefundedItemView  # noqa: PLC0415

        d = dict(src_dict)
        refund_id = d.pop("refund_id", UNSET)

        _status = d.pop("status", UNSET)
        status: RefundViewStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_refund_view_status(_status)

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

        def _parse_remarks(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        remarks = _parse_remarks(d.pop("remarks", UNSET))

        def _parse_items(data: object) -> list[RefundedItemView] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                items_type_0 = []
                _items_type_0 = data
                for items_type_0_item_data in _items_type_0:
                    items_type_0_item = RefundedItemView.from_dict(items_type_0_item_data)

                    items_type_0.append(items_type_0_item)

                return items_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RefundedItemView] | None | Unset, data)

        items = _parse_items(d.pop("items", UNSET))

        def _parse_credit_note_number(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        credit_note_number = _parse_credit_note_number(d.pop("credit_note_number", UNSET))

        _payments = d.pop("payments", UNSET)
        payments: list[RefundShareView] | Unset = UNSET
        if _payments is not UNSET:
            payments = []
            for payments_item_data in _payments:
                payments_item = RefundShareView.from_dict(payments_item_data)

                payments.append(payments_item)

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        refund_view = cls(
            refund_id=refund_id,
            status=status,
            amount=amount,
            cause=cause,
            reason=reason,
            remarks=remarks,
            items=items,
            credit_note_number=credit_note_number,
            payments=payments,
            created_at=created_at,
        )

        return refund_view
