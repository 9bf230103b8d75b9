from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.refund_item_body import RefundItemBody


T = TypeVar("T", bound="RefundBody")


@_attrs_define
class RefundBody:
    amount: float | str | Unset = UNSET
    items: list[RefundItemBody] | Unset = UNSET
    reason: str | Unset = UNSET
    remarks: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        amount: float | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        items: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.items, Unset):
            items = []
            for items_item_data in self.items:
                items_item = items_item_data.to_dict()
                items.append(items_item)

        reason = self.reason

        remarks = self.remarks

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if amount is not UNSET:
            field_dict["amount"] = amount
        if items is not UNSET:
            field_dict["items"] = items
        if reason is not UNSET:
            field_dict["reason"] = reason
        if remarks is not UNSET:
            field_dict["remarks"] = remarks

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.refund_item_body import RefundItemBody  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))

        _items = d.pop("items", UNSET)
        items: list[RefundItemBody] | Unset = UNSET
        if _items is not UNSET:
            items = []
            for items_item_data in _items:
                items_item = RefundItemBody.from_dict(items_item_data)

                items.append(items_item)

        reason = d.pop("reason", UNSET)

        remarks = d.pop("remarks", UNSET)

        refund_body = cls(
            amount=amount,
            items=items,
            reason=reason,
            remarks=remarks,
        )

        return refund_body
