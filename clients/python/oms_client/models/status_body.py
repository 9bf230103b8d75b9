from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="StatusBody")


@_attrs_define
class StatusBody:
    status: str
    reason: str | Unset = UNSET
    remarks: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        reason = self.reason

        remarks = self.remarks

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "status": status,
            }
        )
        if reason is not UNSET:
            field_dict["reason"] = reason
        if remarks is not UNSET:
            field_dict["remarks"] = remarks

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = d.pop("status")

        reason = d.pop("reason", UNSET)

        remarks = d.pop("remarks", UNSET)

        status_body = cls(
            status=status,
            reason=reason,
            remarks=remarks,
        )

        return status_body
