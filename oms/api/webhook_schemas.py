"""What the routes of webhooks take in addresses, and answer."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from oms.fields import QueryInteger, Text, Timestamp
from oms.webhooks.bodies import STATUSES, URL
from oms.webhooks.models import DELIVERY_STATUSES, DISABLED_REASONS

_ID: Mapping[str, Any] = {"example": "01J9Z3K4M5N6P7Q8R9S0T1V2W3"}


class Webhook(Schema):
    """A webhook without its secret."""

    id = fields.String(required=True, metadata=_ID)
    url = fields.String(required=True, metadata=URL)
    description = fields.String(required=True)
    event_types = fields.List(fields.String(), required=True, metadata={"example": ["oms.order.*"]})
    customer_id = fields.String(required=True, allow_none=True)
    facility_id = fields.String(required=True, allow_none=True)
    ordered = fields.Boolean(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    disabled_reason = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([*DISABLED_REASONS, None]),
        metadata={"description": "`gone`: it answered 410. `failing`: nothing but failures for days."},
    )
    disabled_at = Timestamp(required=True, allow_none=True)
    failing_since = Timestamp(required=True, allow_none=True)
    previous_secret_until = Timestamp(
        required=True, allow_none=True, metadata={"description": "Until then requests are signed with both secrets."}
    )
    created_by = fields.String(required=True)
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)


class WebhookWithSecret(Webhook):
    """The secret, this once: what requests are signed with (Standard Webhooks)."""

    secret = fields.String(required=True, metadata={"example": "whsec_" + "A" * 43 + "="})


class PageQuery(Schema):
    """Newest first; `cursor` is the `next_cursor` of the page before."""

    limit = QueryInteger(low=1, high=100, load_default=50)
    cursor = Text(attribute="after", validate=validate.Length(1, 50))


class Webhooks(Schema):
    """A page of webhooks; `next_cursor` is null on the last one."""

    webhooks = fields.List(fields.Nested(Webhook), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class DeliveryQuery(PageQuery):
    """Newest event first."""

    status = Text(validate=validate.OneOf(DELIVERY_STATUSES))


class WebhookDelivery(Schema):
    """An event for a webhook. `failed` ones are not tried again unless they are replayed."""

    event_id = fields.String(required=True, metadata={**_ID, "description": "The `webhook-id` of its requests."})
    type = fields.String(required=True, metadata={"example": "oms.order.created.v1"})
    order_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(DELIVERY_STATUSES))
    attempts = fields.Integer(required=True, metadata={"description": "Since it was new, or replayed."})
    next_attempt_at = Timestamp(required=True, allow_none=True)
    created_at = Timestamp(required=True)
    finished_at = Timestamp(required=True, allow_none=True)


class WebhookDeliveries(Schema):
    """A page of deliveries; `next_cursor` is null on the last one."""

    deliveries = fields.List(fields.Nested(WebhookDelivery), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class WebhookAttempt(Schema):
    """A request and its answer; `error` says what was wrong, `response` is its first KiB."""

    attempted_at = Timestamp(required=True)
    duration_ms = fields.Integer(required=True)
    status_code = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    response = fields.String(required=True, allow_none=True)


class WebhookDeliveryWithAttempts(WebhookDelivery):
    """A delivery, the body of its requests as text, and its last attempts, oldest first."""

    body = fields.String(required=True, allow_none=True)
    attempt_log = fields.List(fields.Nested(WebhookAttempt), required=True)


class ReplaySince(Schema):
    """From when on."""

    since = Timestamp(required=True, metadata={"example": "2026-01-01T00:00:00Z"})


class Replayed(Schema):
    """How many are sent again; as long as `more` is true, there are others: ask again."""

    replayed = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class TestSent(Schema):
    """The event on its way; look at its delivery to see how it ended."""

    event_id = fields.String(required=True, metadata=_ID)
