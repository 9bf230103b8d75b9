from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="StatusView")


@_attrs_define
class StatusView:
    status: str | Unset = UNSET
    customer_status: str | Unset = UNSET
    allowed_statuses: list[str] | Unset = UNSET
    customer_may_cancel: bool | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        customer_status = self.customer_status

        allowed_statuses: list[str] | Unset = UNSET
        if not isinstance(self.allowed_statuses, Unset):
            allowed_statuses = self.allowed_statuses

        customer_may_cancel = self.customer_may_cancel

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if status is not UNSET:
            field_dict["status"] = status
        if customer_status is not UNSET:
            field_dict["customer_status"] = customer_status
        if allowed_statuses is not UNSET:
            field_dict["allowed_statuses"] = allowed_statuses
        if customer_may_cancel is not UNSET:
            field_dict["customer_may_cancel"] = customer_may_cancel

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = d.pop("status", UNSET)

        customer_status = d.pop("customer_status", UNSET)

        allowed_statuses = cast(list[str], d.pop("allowed_statuses", UNSET))

        customer_may_cancel = d.pop("customer_may_cancel", UNSET)

        status_view = cls(
            status=status,
            customer_status=customer_status,
            allowed_statuses=allowed_statuses,
            customer_may_cancel=customer_may_cancel,
        )

        return status_view
