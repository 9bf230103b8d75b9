from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="RefundedItemView")


@_attrs_define
class RefundedItemView:
    line_no: int | Unset = UNSET
    quantity: float | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        line_no = self.line_no

        quantity: float | str | Unset
        if isinstance(self.quantity, Unset):
            quantity = UNSET
        else:
            quantity = self.quantity

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if line_no is not UNSET:
            field_dict["line_no"] = line_no
        if quantity is not UNSET:
            field_dict["quantity"] = quantity

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        line_no = d.pop("line_no", UNSET)

        def _parse_quantity(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        quantity = _parse_quantity(d.pop("quantity", UNSET))

        refunded_item_view = cls(
            line_no=line_no,
            quantity=quantity,
        )

        return refunded_item_view
