from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.return_answer_order_status import (
    ReturnAnswerOrderStatus,
    check_return_answer_order_status,
)
from ..models.return_answer_payment_state import (
    ReturnAnswerPaymentState,
    check_return_answer_payment_state,
)
from ..models.return_answer_reason import ReturnAnswerReason, check_return_answer_reason
from ..models.return_answer_resolution import (
    ReturnAnswerResolution,
    check_return_answer_resolution,
)
from ..models.return_answer_status import ReturnAnswerStatus, check_return_answer_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.return_item_view import ReturnItemView


T = TypeVar("T", bound="ReturnAnswer")


@_attrs_define
class ReturnAnswer:
    return_id: str | Unset = UNSET
    status: ReturnAnswerStatus | Unset = UNSET
    reason: ReturnAnswerReason | Unset = UNSET
    remarks: None | str | Unset = UNSET
    resolution: ReturnAnswerResolution | Unset = UNSET
    replacement_order_id: None | str | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET
    updated_at: datetime.datetime | Unset = UNSET
    items: list[ReturnItemView] | Unset = UNSET
    order_id: str | Unset = UNSET
    order_status: ReturnAnswerOrderStatus | Unset = UNSET
    payment_state: ReturnAnswerPaymentState | Unset = UNSET
    amount_due: float | str | Unset = UNSET
    """ What is still to be paid. """

    def to_dict(self) -> dict[str, Any]:
        return_id = self.return_id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        reason: str | Unset = UNSET
        if not isinstance(self.reason, Unset):
            reason = self.reason

        remarks: None | str | Unset
        if isinstance(self.remarks, Unset):
            remarks = UNSET
        else:
            remarks = self.remarks

        resolution: str | Unset = UNSET
        if not isinstance(self.resolution, Unset):
            resolution = self.resolution

        replacement_order_id: None | str | Unset
        if isinstance(self.replacement_order_id, Unset):
            replacement_order_id = UNSET
        else:
            replacement_order_id = self.replacement_order_id

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = self.updated_at.isoformat()

        items: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.items, Unset):
            items = []
            for items_item_data in self.items:
                items_item = items_item_data.to_dict()
                items.append(items_item)

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

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if return_id is not UNSET:
            field_dict["return_id"] = return_id
        if status is not UNSET:
            field_dict["status"] = status
        if reason is not UNSET:
            field_dict["reason"] = reason
        if remarks is not UNSET:
            field_dict["remarks"] = remarks
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if replacement_order_id is not UNSET:
            field_dict["replacement_order_id"] = replacement_order_id
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if items is not UNSET:
            field_dict["items"] = items
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if order_status is not UNSET:
            field_dict["order_status"] = order_status
        if payment_state is not UNSET:
            field_dict["payment_state"] = payment_state
        if amount_due is not UNSET:
            field_dict["amount_due"] = amount_due

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.return_item_view import ReturnItemView  # noqa: PLC0415

        d = dict(src_dict)
        return_id = d.pop("return_id", UNSET)

        _status = d.pop("status", UNSET)
        status: ReturnAnswerStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_return_answer_status(_status)

        _reason = d.pop("reason", UNSET)
        reason: ReturnAnswerReason | Unset
        if isinstance(_reason, Unset):
            reason = UNSET
        else:
            reason = check_return_answer_reason(_reason)

        def _parse_remarks(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        remarks = _parse_remarks(d.pop("remarks", UNSET))

        _resolution = d.pop("resolution", UNSET)
        resolution: ReturnAnswerResolution | Unset
        if isinstance(_resolution, Unset):
            resolution = UNSET
        else:
            resolution = check_return_answer_resolution(_resolution)

        def _parse_replacement_order_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        replacement_order_id = _parse_replacement_order_id(d.pop("replacement_order_id", UNSET))

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = datetime.datetime.fromisoformat(_updated_at)

        _items = d.pop("items", UNSET)
        items: list[ReturnItemView] | Unset = UNSET
        if _items is not UNSET:
            items = []
            for items_item_data in _items:
                items_item = ReturnItemView.from_dict(items_item_data)

                items.append(items_item)

        order_id = d.pop("order_id", UNSET)

        _order_status = d.pop("order_status", UNSET)
        order_status: ReturnAnswerOrderStatus | Unset
        if isinstance(_order_status, Unset):
            order_status = UNSET
        else:
            order_status = check_return_answer_order_status(_order_status)

        _payment_state = d.pop("payment_state", UNSET)
        payment_state: ReturnAnswerPaymentState | Unset
        if isinstance(_payment_state, Unset):
            payment_state = UNSET
        else:
            payment_state = check_return_answer_payment_state(_payment_state)

        def _parse_amount_due(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount_due = _parse_amount_due(d.pop("amount_due", UNSET))

        return_answer = cls(
            return_id=return_id,
            status=status,
            reason=reason,
            remarks=remarks,
            resolution=resolution,
            replacement_order_id=replacement_order_id,
            created_at=created_at,
            updated_at=updated_at,
            items=items,
            order_id=order_id,
            order_status=order_status,
            payment_state=payment_state,
            amount_due=amount_due,
        )

        return return_answer
