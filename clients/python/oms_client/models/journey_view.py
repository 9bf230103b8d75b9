from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.journey_entry_view import JourneyEntryView


T = TypeVar("T", bound="JourneyView")


@_attrs_define
class JourneyView:
    order_id: str | Unset = UNSET
    journey: list[JourneyEntryView] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        order_id = self.order_id

        journey: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.journey, Unset):
            journey = []
            for journey_item_data in self.journey:
                journey_item = journey_item_data.to_dict()
                journey.append(journey_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if journey is not UNSET:
            field_dict["journey"] = journey

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.journey_entry_view import JourneyEntryView  # noqa: PLC0415

        d = dict(src_dict)
        order_id = d.pop("order_id", UNSET)

        _journey = d.pop("journey", UNSET)
        journey: list[JourneyEntryView] | Unset = UNSET
        if _journey is not UNSET:
            journey = []
            for journey_item_data in _journey:
                journey_item = JourneyEntryView.from_dict(journey_item_data)

                journey.append(journey_item)

        journey_view = cls(
            order_id=order_id,
            journey=journey,
        )

        return journey_view
