from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ReturnItemView")


@_attrs_define
class ReturnItemView:
    line_no: int | Unset = UNSET
    quantity: float | str | Unset = UNSET
    accepted_quantity: float | None | str | Unset = UNSET
    condition: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        line_no = self.line_no

        quantity: float | str | Unset
        if isinstance(self.quantity, Unset):
            quantity = UNSET
        else:
            quantity = self.quantity

        accepted_quantity: float | None | str | Unset
        if isinstance(self.accepted_quantity, Unset):
            accepted_quantity = UNSET
        else:
            accepted_quantity = self.accepted_quantity

        condition: None | str | Unset
        if isinstance(self.condition, Unset):
            condition = UNSET
        else:
            condition = self.condition

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if line_no is not UNSET:
            field_dict["line_no"] = line_no
        if quantity is not UNSET:
            field_dict["quantity"] = quantity
        if accepted_quantity is not UNSET:
            field_dict["accepted_quantity"] = accepted_quantity
        if condition is not UNSET:
            field_dict["condition"] = condition

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

        def _parse_accepted_quantity(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        accepted_quantity = _parse_accepted_quantity(d.pop("accepted_quantity", UNSET))

        def _parse_condition(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        condition = _parse_condition(d.pop("condition", UNSET))

        return_item_view = cls(
            line_no=line_no,
            quantity=quantity,
            accepted_quantity=accepted_quantity,
            condition=condition,
        )

        return return_item_view
