"""Webhooks over HTTP: endpoints, their secrets, the log of deliveries, replays."""

from dataclasses import asdict
from typing import Any

from oms.api import access
from oms.api import webhook_schemas as schemas
from oms.api.openapi import OmsBlueprint
from oms.transactions import read, transaction
from oms.webhooks import bodies, deliveries, endpoints, managing
from oms.webhooks.deliveries import REPLAYED_AT_ONCE

blueprint = OmsBlueprint("webhooks", __name__, url_prefix="/webhooks", description="Being told of events over HTTP")
Form = dict[str, Any]
NO_STORE = {"Cache-Control": "no-store"}


@blueprint.route("", methods=["POST"])
@access.webhooks
@blueprint.arguments(bodies.NewWebhook)
@blueprint.response(201, schemas.WebhookWithSecret)
@blueprint.problems(400, 401, 403, 409, 422, 429, 503)
@blueprint.doc(operationId="createWebhook")
def create(body: Form) -> Any:
    """Have events sent to a URL; this answer is the only one that shows the secret."""
    wanted = managing.checked(body)
    return transaction(lambda session: managing.create(session, access.actor(), wanted)), NO_STORE


@blueprint.route("", methods=["GET"])
@access.webhooks
@blueprint.arguments(schemas.PageQuery, location="query")
@blueprint.response(200, schemas.Webhooks)
@blueprint.problems(401, 403, 422, 429, 503)
@blueprint.doc(operationId="listWebhooks")
def list_webhooks(query: Form) -> Any:
    """All webhooks, newest first, without their secrets."""
    return read(lambda session: endpoints.page(session, **query))


@blueprint.route("/<webhook_id>", methods=["GET"])
@access.webhooks
@blueprint.response(200, schemas.Webhook)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="getWebhook")
def get(webhook_id: str) -> Any:
    """A webhook and how it is doing."""
    return read(lambda session: endpoints.find(session, webhook_id))


@blueprint.route("/<webhook_id>", methods=["PATCH"])
@access.webhooks
@blueprint.arguments(bodies.WebhookChange)
@blueprint.response(200, schemas.Webhook)
@blueprint.problems(400, 401, 403, 404, 409, 422, 429, 503)
@blueprint.doc(operationId="changeWebhook")
def change(body: Form, webhook_id: str) -> Any:
    """Change it, pause it, disable it, or enable it again."""
    changes = managing.checked(body)
    return transaction(lambda session: managing.change(session, access.actor(), webhook_id, changes))


@blueprint.route("/<webhook_id>", methods=["DELETE"])
@access.webhooks
@blueprint.response(204)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="deleteWebhook")
def delete(webhook_id: str) -> None:
    """Send nothing any more, and forget what was sent."""
    transaction(lambda session: managing.delete(session, access.actor(), webhook_id))


@blueprint.route("/<webhook_id>/secret", methods=["POST"])
@access.webhooks
@blueprint.arguments(bodies.Rotation, required=False)
@blueprint.response(200, schemas.WebhookWithSecret)
@blueprint.problems(400, 401, 403, 404, 409, 422, 429, 503)
@blueprint.doc(operationId="rotateWebhookSecret")
def rotate(body: Form, webhook_id: str) -> Any:
    """Another secret, shown this once; for a while requests are signed with the former one too."""
    hours = body["overlap_hours"]
    return transaction(lambda session: managing.rotate(session, access.actor(), webhook_id, hours)), NO_STORE


@blueprint.route("/<webhook_id>/test", methods=["POST"])
@access.webhooks
@blueprint.response(202, schemas.TestSent)
@blueprint.problems(401, 403, 404, 409, 429, 503)
@blueprint.doc(operationId="testWebhook")
def send_test(webhook_id: str) -> Any:
    """Send an event `oms.webhook.test.v1`, whatever the webhook wants to be told of."""
    return {"event_id": transaction(lambda session: deliveries.send_test(session, webhook_id))}


@blueprint.route("/<webhook_id>/deliveries", methods=["GET"])
@access.webhooks
@blueprint.arguments(schemas.DeliveryQuery, location="query")
@blueprint.response(200, schemas.WebhookDeliveries)
@blueprint.problems(401, 403, 404, 422, 429, 503)
@blueprint.doc(operationId="listWebhookDeliveries")
def list_deliveries(query: Form, webhook_id: str) -> Any:
    """What was sent or waits to be, newest event first."""
    return read(lambda session: deliveries.page(session, webhook_id, **query))


@blueprint.route("/<webhook_id>/deliveries/<event_id>", methods=["GET"])
@access.webhooks
@blueprint.response(200, schemas.WebhookDeliveryWithAttempts)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="getWebhookDelivery")
def get_delivery(webhook_id: str, event_id: str) -> Any:
    """One delivery with its body, its attempts and what was answered."""
    found = read(lambda session: deliveries.find(session, webhook_id, event_id))
    return {**asdict(found.delivery), "body": found.body, "attempt_log": found.attempts}


@blueprint.route("/<webhook_id>/deliveries/<event_id>/replay", methods=["POST"])
@access.webhooks
@blueprint.response(202, schemas.WebhookDelivery)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="replayWebhookDelivery")
def replay(webhook_id: str, event_id: str) -> Any:
    """Send it again, under the same `webhook-id`."""
    return transaction(lambda session: managing.replay(session, access.actor(), webhook_id, event_id))


@blueprint.route("/<webhook_id>/replay", methods=["POST"])
@access.webhooks
@blueprint.arguments(schemas.ReplaySince)
@blueprint.response(202, schemas.Replayed)
@blueprint.problems(400, 401, 403, 404, 422, 429, 503)
@blueprint.doc(operationId="replayWebhook")
def replay_failed(body: Form, webhook_id: str) -> Any:
    """Send again what was given up of events since a time, 5,000 at once."""
    count = transaction(lambda session: managing.replay_failed(session, access.actor(), webhook_id, body["since"]))
    return {"replayed": count, "more": count == REPLAYED_AT_ONCE}
