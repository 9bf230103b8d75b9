from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.webhook_disabled_reason_type_1 import (
    WebhookDisabledReasonType1,
    check_webhook_disabled_reason_type_1,
)
from ..models.webhook_disabled_reason_type_2_type_1 import (
    WebhookDisabledReasonType2Type1,
    check_webhook_disabled_reason_type_2_type_1,
)
from ..models.webhook_disabled_reason_type_3_type_1 import (
    WebhookDisabledReasonType3Type1,
    check_webhook_disabled_reason_type_3_type_1,
)
from ..models.webhook_status import WebhookStatus, check_webhook_status

T = TypeVar("T", bound="Webhook")


@_attrs_define
class Webhook:
    id: str
    url: str
    description: str
    event_types: list[str]
    customer_id: None | str
    facility_id: None | str
    ordered: bool
    status: WebhookStatus
    disabled_reason: (
        None | WebhookDisabledReasonType1 | WebhookDisabledReasonType2Type1 | WebhookDisabledReasonType3Type1
    )
    """ `gone`: it answered 410. `failing`: nothing but failures for days. """
    disabled_at: datetime.datetime | None
    failing_since: datetime.datetime | None
    previous_secret_until: datetime.datetime | None
    """ Until then requests are signed with both secrets. """
    created_by: str
    created_at: datetime.datetime
    updated_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        url = self.url

        description = self.description

        event_types = self.event_types

        customer_id: None | str
        customer_id = self.customer_id

        facility_id: None | str
        facility_id = self.facility_id

        ordered = self.ordered

        status: str = self.status

        disabled_reason: None | str
        if isinstance(self.disabled_reason, str):
            disabled_reason = self.disabled_reason
        elif isinstance(self.disabled_reason, str):
            disabled_reason = self.disabled_reason
        elif isinstance(self.disabled_reason, str):
            disabled_reason = self.disabled_reason
        else:
            disabled_reason = self.disabled_reason

        disabled_at: None | str
        if isinstance(self.disabled_at, datetime.datetime):
            disabled_at = self.disabled_at.isoformat()
        else:
            disabled_at = self.disabled_at

        failing_since: None | str
        if isinstance(self.failing_since, datetime.datetime):
            failing_since = self.failing_since.isoformat()
        else:
            failing_since = self.failing_since

        previous_secret_until: None | str
        if isinstance(self.previous_secret_until, datetime.datetime):
            previous_secret_until = self.previous_secret_until.isoformat()
        else:
            previous_secret_until = self.previous_secret_until

        created_by = self.created_by

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "url": url,
                "description": description,
                "event_types": event_types,
                "customer_id": customer_id,
                "facility_id": facility_id,
                "ordered": ordered,
                "status": status,
                "disabled_reason": disabled_reason,
                "disabled_at": disabled_at,
                "failing_since": failing_since,
                "previous_secret_until": previous_secret_until,
                "created_by": created_by,
                "created_at": created_at,
                "updated_at": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        url = d.pop("url")

        description = d.pop("description")

        event_types = cast(list[str], d.pop("event_types"))

        def _parse_customer_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        customer_id = _parse_customer_id(d.pop("customer_id"))

        def _parse_facility_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        facility_id = _parse_facility_id(d.pop("facility_id"))

        ordered = d.pop("ordered")

        status = check_webhook_status(d.pop("status"))

        def _parse_disabled_reason(
            data: object,
        ) -> None | WebhookDisabledReasonType1 | WebhookDisabledReasonType2Type1 | WebhookDisabledReasonType3Type1:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_1 = check_webhook_disabled_reason_type_1(data)

                return disabled_reason_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_2_type_1 = check_webhook_disabled_reason_type_2_type_1(data)

                return disabled_reason_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_reason_type_3_type_1 = check_webhook_disabled_reason_type_3_type_1(data)

                return disabled_reason_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                None | WebhookDisabledReasonType1 | WebhookDisabledReasonType2Type1 | WebhookDisabledReasonType3Type1,
                data,
            )

        disabled_reason = _parse_disabled_reason(d.pop("disabled_reason"))

        def _parse_disabled_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_at_type_0 = datetime.datetime.fromisoformat(data)

                return disabled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        disabled_at = _parse_disabled_at(d.pop("disabled_at"))

        def _parse_failing_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failing_since_type_0 = datetime.datetime.fromisoformat(data)

                return failing_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        failing_since = _parse_failing_since(d.pop("failing_since"))

        def _parse_previous_secret_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                previous_secret_until_type_0 = datetime.datetime.fromisoformat(data)

                return previous_secret_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        previous_secret_until = _parse_previous_secret_until(d.pop("previous_secret_until"))

        created_by = d.pop("created_by")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        webhook = cls(
            id=id,
            url=url,
            description=description,
            event_types=event_types,
            customer_id=customer_id,
            facility_id=facility_id,
            ordered=ordered,
            status=status,
            disabled_reason=disabled_reason,
            disabled_at=disabled_at,
            failing_since=failing_since,
            previous_secret_until=previous_secret_until,
            created_by=created_by,
            created_at=created_at,
            updated_at=updated_at,
        )

        return webhook
