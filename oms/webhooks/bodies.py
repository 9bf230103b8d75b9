"""What may be sent about webhooks: the same for HTTP and the console."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from oms.fields import StrictBoolean, StrictInteger, Text
from oms.webhooks.addresses import MAX_URL
from oms.webhooks.models import DISABLED, ENABLED, PAUSED
from oms.webhooks.subscriptions import ALL

STATUSES = (ENABLED, PAUSED, DISABLED)
URL: Mapping[str, Any] = {"example": "https://example.com/hooks/orders"}
_TYPES: Mapping[str, Any] = {
    "example": ["order.*", "oms.refund.processed.v1"],
    "description": "Types of `GET /events`, or the beginning of some and `.*`; `oms.` in front may be left out.",
}
MOST_TYPES = 50
MOST_OVERLAP_HOURS = 168


def _types(**options: Any) -> "fields.List[str]":
    return fields.List(
        Text(validate=validate.Length(1, 100)), validate=validate.Length(1, MOST_TYPES), metadata=_TYPES, **options
    )


class NewWebhook(Schema):
    """Where to send what. With `customer_id` or `facility_id` only events of their orders are sent."""

    url = Text(required=True, validate=validate.Length(1, MAX_URL), metadata=URL)
    description = Text(load_default="", validate=validate.Length(0, 200), metadata={"example": "the warehouse in Pune"})
    event_types = _types(load_default=lambda: [ALL])
    customer_id = Text(allow_none=True, validate=validate.Length(1, 50))
    facility_id = Text(allow_none=True, validate=validate.Length(1, 50))
    ordered = StrictBoolean(
        load_default=False,
        metadata={"description": "The events of an order one after the other: each waits for the one before it."},
    )


class WebhookChange(Schema):
    """What to change. A paused webhook is sent later what happens meanwhile, a disabled one is not."""

    url = Text(validate=validate.Length(1, MAX_URL), metadata=URL)
    description = Text(validate=validate.Length(0, 200))
    event_types = _types()
    customer_id = Text(allow_none=True, validate=validate.Length(1, 50))
    facility_id = Text(allow_none=True, validate=validate.Length(1, 50))
    ordered = StrictBoolean()
    status = Text(validate=validate.OneOf(STATUSES))

    @validates_schema
    def _something(self, change: Mapping[str, Any], **_: Any) -> None:
        if not change:
            raise ValidationError("Name what to change.")


class Rotation(Schema):
    """For how long requests are signed with the former secret too; 0 where it has leaked."""

    body_optional = True
    overlap_hours = StrictInteger(low=0, high=MOST_OVERLAP_HOURS, load_default=24)
