from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="LegacyStatusBody")


@_attrs_define
class LegacyStatusBody:
    order_id: str
    status: str

    def to_dict(self) -> dict[str, Any]:
        order_id = self.order_id

        status = self.status

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "order_id": order_id,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        order_id = d.pop("order_id")

        status = d.pop("status")

        legacy_status_body = cls(
            order_id=order_id,
            status=status,
        )

        return legacy_status_body
