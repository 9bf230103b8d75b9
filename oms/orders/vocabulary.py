"""The words of the business, for people who build screens."""

from typing import Any

from oms.orders import lifecycle
from oms.orders.models import RETURN_REASONS

CANCEL_REASONS = {
    "changed_mind": "Changed my mind",
    "ordered_by_mistake": "Ordered by mistake",
    "found_cheaper": "Found it cheaper elsewhere",
    "too_slow": "Delivery takes too long",
    "out_of_stock": "Out of stock",
    "payment_expired": "Not paid in time",
    "other": "Other",
}
_RETURN_TEXTS = {
    "damaged": "Arrived damaged",
    "wrong_item": "Wrong item",
    "not_as_described": "Not as described",
    "changed_mind": "Changed my mind",
    "other": "Other (say what in the remarks)",
}


def order_statuses() -> list[dict[str, Any]]:
    """Every status with what the customer sees and where it can lead."""
    return [
        {
            "status": status,
            "customer_status": shown,
            "allowed_statuses": lifecycle.allowed_from(status),
            "customer_may_cancel": status in lifecycle.CUSTOMER_MAY_CANCEL,
        }
        for status, shown in lifecycle.STATUSES.items()
    ]


def cancel_reasons() -> list[dict[str, str]]:
    return [{"reason": reason, "text": shown} for reason, shown in CANCEL_REASONS.items()]


def return_reasons() -> list[dict[str, str]]:
    return [{"reason": reason, "text": _RETURN_TEXTS[reason]} for reason in RETURN_REASONS]
