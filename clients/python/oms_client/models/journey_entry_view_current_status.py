from typing import Literal

JourneyEntryViewCurrentStatus = Literal[
    "cancelled",
    "confirmed",
    "delivered",
    "delivery_failed",
    "packed",
    "partially_delivered",
    "pending",
    "processing",
    "return_requested",
    "returned",
    "shipped",
]

JOURNEY_ENTRY_VIEW_CURRENT_STATUS_VALUES: set[JourneyEntryViewCurrentStatus] = {
    "cancelled",
    "confirmed",
    "delivered",
    "delivery_failed",
    "packed",
    "partially_delivered",
    "pending",
    "processing",
    "return_requested",
    "returned",
    "shipped",
}


def check_journey_entry_view_current_status(value: str) -> JourneyEntryViewCurrentStatus:
    if value in JOURNEY_ENTRY_VIEW_CURRENT_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {JOURNEY_ENTRY_VIEW_CURRENT_STATUS_VALUES!r}")
