from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ItemBody")


@_attrs_define
class ItemBody:
    status: str | Unset = UNSET
    quantity: float | str | Unset = UNSET
    reason: str | Unset = UNSET
    remarks: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        quantity: float | str | Unset
        if isinstance(self.quantity, Unset):
            quantity = UNSET
        else:
            quantity = self.quantity

        reason = self.reason

        remarks = self.remarks

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if status is not UNSET:
            field_dict["status"] = status
        if quantity is not UNSET:
            field_dict["quantity"] = quantity
        if reason is not UNSET:
            field_dict["reason"] = reason
        if remarks is not UNSET:
            field_dict["remarks"] = remarks

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = d.pop("status", UNSET)

        def _parse_quantity(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        quantity = _parse_quantity(d.pop("quantity", UNSET))

        reason = d.pop("reason", UNSET)

        remarks = d.pop("remarks", UNSET)

        item_body = cls(
            status=status,
            quantity=quantity,
            reason=reason,
            remarks=remarks,
        )

        return item_body
