from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.journey_entry_view_current_status import (
    JourneyEntryViewCurrentStatus,
    check_journey_entry_view_current_status,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.journey_entry_view_details_type_0 import JourneyEntryViewDetailsType0


T = TypeVar("T", bound="JourneyEntryView")


@_attrs_define
class JourneyEntryView:
    seq: int | Unset = UNSET
    line_no: int | None | Unset = UNSET
    current_status: JourneyEntryViewCurrentStatus | Unset = UNSET
    previous_status: None | str | Unset = UNSET
    skipped: list[str] | Unset = UNSET
    event: None | str | Unset = UNSET
    """ A step that is no change of status, such as payment.captured. """
    details: JourneyEntryViewDetailsType0 | None | Unset = UNSET
    actor: str | Unset = UNSET
    actor_type: str | Unset = UNSET
    reason: None | str | Unset = UNSET
    remarks: None | str | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.journey_entry_view_details_type_0 import (
            JourneyEntryViewDetailsType0,  # noqa: PLC0415
        )

        seq = self.seq

        line_no: int | None | Unset
        if isinstance(self.line_no, Unset):
            line_no = UNSET
        else:
            line_no = self.line_no

        current_status: str | Unset = UNSET
        if not isinstance(self.current_status, Unset):
            current_status = self.current_status

        previous_status: None | str | Unset
        if isinstance(self.previous_status, Unset):
            previous_status = UNSET
        else:
            previous_status = self.previous_status

        skipped: list[str] | Unset = UNSET
        if not isinstance(self.skipped, Unset):
            skipped = self.skipped

        event: None | str | Unset
        if isinstance(self.event, Unset):
            event = UNSET
        else:
            event = self.event

        details: dict[str, Any] | None | Unset
        if isinstance(self.details, Unset):
            details = UNSET
        elif isinstance(self.details, JourneyEntryViewDetailsType0):
            details = self.details.to_dict()
        else:
            details = self.details

        actor = self.actor

        actor_type = self.actor_type

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        remarks: None | str | Unset
        if isinstance(self.remarks, Unset):
            remarks = UNSET
        else:
            remarks = self.remarks

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if seq is not UNSET:
            field_dict["seq"] = seq
        if line_no is not UNSET:
            field_dict["line_no"] = line_no
        if current_status is not UNSET:
            field_dict["current_status"] = current_status
        if previous_status is not UNSET:
            field_dict["previous_status"] = previous_status
        if skipped is not UNSET:
            field_dict["skipped"] = skipped
        if event is not UNSET:
            field_dict["event"] = event
        if details is not UNSET:
            field_dict["details"] = details
        if actor is not UNSET:
            field_dict["actor"] = actor
        if actor_type is not UNSET:
            field_dict["actor_type"] = actor_type
        if reason is not UNSET:
            field_dict["reason"] = reason
        if remarks is not UNSET:
            field_dict["remarks"] = remarks
        if created_at is not UNSET:
            field_dict["created_at"] = created_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.journey_entry_view_details_type_0 import (
            JourneyEntryViewDetailsType0,  # noqa: PLC0415
        )

        d = dict(src_dict)
        seq = d.pop("seq", UNSET)

        def _parse_line_no(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        line_no = _parse_line_no(d.pop("line_no", UNSET))

        _current_status = d.pop("current_status", UNSET)
        current_status: JourneyEntryViewCurrentStatus | Unset
        if isinstance(_current_status, Unset):
            current_status = UNSET
        else:
            current_status = check_journey_entry_view_current_status(_current_status)

        def _parse_previous_status(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        previous_status = _parse_previous_status(d.pop("previous_status", UNSET))

        skipped = cast(list[str], d.pop("skipped", UNSET))

        def _parse_event(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        event = _parse_event(d.pop("event", UNSET))

        def _parse_details(data: object) -> JourneyEntryViewDetailsType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                details_type_0 = JourneyEntryViewDetailsType0.from_dict(data)

                return details_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JourneyEntryViewDetailsType0 | None | Unset, data)

        details = _parse_details(d.pop("details", UNSET))

        actor = d.pop("actor", UNSET)

        actor_type = d.pop("actor_type", UNSET)

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_remarks(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        remarks = _parse_remarks(d.pop("remarks", UNSET))

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        journey_entry_view = cls(
            seq=seq,
            line_no=line_no,
            current_status=current_status,
            previous_status=previous_status,
            skipped=skipped,
            event=event,
            details=details,
            actor=actor,
            actor_type=actor_type,
            reason=reason,
            remarks=remarks,
            created_at=created_at,
        )

        return journey_entry_view
