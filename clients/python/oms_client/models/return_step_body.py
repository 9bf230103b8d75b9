from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ReturnStepBody")


@_attrs_define
class ReturnStepBody:
    reason: str | Unset = UNSET
    remarks: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        remarks = self.remarks

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if reason is not UNSET:
            field_dict["reason"] = reason
        if remarks is not UNSET:
            field_dict["remarks"] = remarks

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = d.pop("reason", UNSET)

        remarks = d.pop("remarks", UNSET)

        return_step_body = cls(
            reason=reason,
            remarks=remarks,
        )

        return return_step_body
