from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ReceivedItemBody")


@_attrs_define
class ReceivedItemBody:
    line_no: int
    accepted_quantity: float | str
    condition: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        line_no = self.line_no

        accepted_quantity: float | str
        accepted_quantity = self.accepted_quantity

        condition = self.condition

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "line_no": line_no,
                "accepted_quantity": accepted_quantity,
            }
        )
        if condition is not UNSET:
            field_dict["condition"] = condition

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        line_no = d.pop("line_no")

        def _parse_accepted_quantity(data: object) -> float | str:
            return cast(float | str, data)

        accepted_quantity = _parse_accepted_quantity(d.pop("accepted_quantity"))

        condition = d.pop("condition", UNSET)

        received_item_body = cls(
            line_no=line_no,
            accepted_quantity=accepted_quantity,
            condition=condition,
        )

        return received_item_body
