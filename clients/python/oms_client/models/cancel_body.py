from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.cancel_line_body import CancelLineBody


T = TypeVar("T", bound="CancelBody")


@_attrs_define
class CancelBody:
    reason: str | Unset = UNSET
    remarks: str | Unset = UNSET
    items: list[CancelLineBody] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        remarks = self.remarks

        items: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.items, Unset):
            items = []
            for items_item_data in self.items:
                items_item = items_item_data.to_dict()
                items.append(items_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if reason is not UNSET:
            field_dict["reason"] = reason
        if remarks is not UNSET:
            field_dict["remarks"] = remarks
        if items is not UNSET:
            field_dict["items"] = items

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cancel_line_body import CancelLineBody  # noqa: PLC0415

        d = dict(src_dict)
        reason = d.pop("reason", UNSET)

        remarks = d.pop("remarks", UNSET)

        _items = d.pop("items", UNSET)
        items: list[CancelLineBody] | Unset = UNSET
        if _items is not UNSET:
            items = []
            for items_item_data in _items:
                items_item = CancelLineBody.from_dict(items_item_data)

                items.append(items_item)

        cancel_body = cls(
            reason=reason,
            remarks=remarks,
            items=items,
        )

        return cancel_body
