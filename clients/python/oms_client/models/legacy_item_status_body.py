from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="LegacyItemStatusBody")


@_attrs_define
class LegacyItemStatusBody:
    order_id: str
    sku: str
    status: str

    def to_dict(self) -> dict[str, Any]:
        order_id = self.order_id

        sku = self.sku

        status = self.status

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "order_id": order_id,
                "sku": sku,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        order_id = d.pop("order_id")

        sku = d.pop("sku")

        status = d.pop("status")

        legacy_item_status_body = cls(
            order_id=order_id,
            sku=sku,
            status=status,
        )

        return legacy_item_status_body
