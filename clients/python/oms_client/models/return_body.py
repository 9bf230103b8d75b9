from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.return_body_reason import ReturnBodyReason, check_return_body_reason
from ..models.return_body_resolution import (
    ReturnBodyResolution,
    check_return_body_resolution,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.return_item_body import ReturnItemBody


T = TypeVar("T", bound="ReturnBody")


@_attrs_define
class ReturnBody:
    items: list[ReturnItemBody]
    reason: ReturnBodyReason
    remarks: str | Unset = UNSET
    resolution: ReturnBodyResolution | Unset = "refund"

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        reason: str = self.reason

        remarks = self.remarks

        resolution: str | Unset = UNSET
        if not isinstance(self.resolution, Unset):
            resolution = self.resolution

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
                "reason": reason,
            }
        )
        if remarks is not UNSET:
            field_dict["remarks"] = remarks
        if resolution is not UNSET:
            field_dict["resolution"] = resolution

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.return_item_body import ReturnItemBody  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = ReturnItemBody.from_dict(items_item_data)

            items.append(items_item)

        reason = check_return_body_reason(d.pop("reason"))

        remarks = d.pop("remarks", UNSET)

        _resolution = d.pop("resolution", UNSET)
        resolution: ReturnBodyResolution | Unset
        if isinstance(_resolution, Unset):
            resolution = UNSET
        else:
            resolution = check_return_body_resolution(_resolution)

        return_body = cls(
            items=items,
            reason=reason,
            remarks=remarks,
            resolution=resolution,
        )

        return return_body
