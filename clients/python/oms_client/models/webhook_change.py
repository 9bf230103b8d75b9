from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.webhook_change_status import (
    WebhookChangeStatus,
    check_webhook_change_status,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="WebhookChange")


@_attrs_define
class WebhookChange:
    url: str | Unset = UNSET
    description: str | Unset = UNSET
    event_types: list[str] | Unset = UNSET
    """ Types of `GET /events`, or the beginning of some and `.*`; `oms.` in front may be left out. """
    customer_id: None | str | Unset = UNSET
    facility_id: None | str | Unset = UNSET
    ordered: bool | Unset = UNSET
    status: WebhookChangeStatus | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        url = self.url

        description = self.description

        event_types: list[str] | Unset = UNSET
        if not isinstance(self.event_types, Unset):
            event_types = self.event_types

        customer_id: None | str | Unset
        if isinstance(self.customer_id, Unset):
            customer_id = UNSET
        else:
            customer_id = self.customer_id

        facility_id: None | str | Unset
        if isinstance(self.facility_id, Unset):
            facility_id = UNSET
        else:
            facility_id = self.facility_id

        ordered = self.ordered

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if url is not UNSET:
            field_dict["url"] = url
        if description is not UNSET:
            field_dict["description"] = description
        if event_types is not UNSET:
            field_dict["event_types"] = event_types
        if customer_id is not UNSET:
            field_dict["customer_id"] = customer_id
        if facility_id is not UNSET:
            field_dict["facility_id"] = facility_id
        if ordered is not UNSET:
            field_dict["ordered"] = ordered
        if status is not UNSET:
            field_dict["status"] = status

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        url = d.pop("url", UNSET)

        description = d.pop("description", UNSET)

        event_types = cast(list[str], d.pop("event_types", UNSET))

        def _parse_customer_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        customer_id = _parse_customer_id(d.pop("customer_id", UNSET))

        def _parse_facility_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        facility_id = _parse_facility_id(d.pop("facility_id", UNSET))

        ordered = d.pop("ordered", UNSET)

        _status = d.pop("status", UNSET)
        status: WebhookChangeStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_webhook_change_status(_status)

        webhook_change = cls(
            url=url,
            description=description,
            event_types=event_types,
            customer_id=customer_id,
            facility_id=facility_id,
            ordered=ordered,
            status=status,
        )

        return webhook_change
