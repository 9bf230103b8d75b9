"""Webhooks over HTTP: endpoints, their secrets, the log of deliveries, replays."""

from dataclasses import asdict
from typing import Any

from oms.api import access
from oms.api import webhook_schemas as schemas
from oms.api.openapi import OmsBlueprint
from oms.extensions import settings
from oms.transactions import read, transaction
from oms.webhooks import addresses, deliveries, endpoints, subscriptions
from oms.webhooks.addresses import Rules
from oms.webhooks.deliveries import REPLAYED_AT_ONCE
from oms.webhooks.signing import Sealer

blueprint = OmsBlueprint("webhooks", __name__, url_prefix="/webhooks", description="Being told of events over HTTP")
Form = dict[str, Any]
NO_STORE = {"Cache-Control": "no-store"}


@blueprint.route("", methods=["POST"])
@access.webhooks
@blueprint.arguments(schemas.NewWebhook)
@blueprint.response(201, schemas.WebhookWithSecret)
@blueprint.problems(400, 401, 403, 409, 422, 429, 503)
@blueprint.doc(operationId="createWebhook")
def create(body: Form) -> Any:
    """Have events sent to a URL; this answer is the only one that shows the secret."""
    wanted, by = _checked(body), access.actor().id
    return transaction(lambda session: endpoints.create(session, _sealer(), by, wanted)), NO_STORE


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
@blueprint.arguments(schemas.WebhookChange)
@blueprint.response(200, schemas.Webhook)
@blueprint.problems(400, 401, 403, 404, 409, 422, 429, 503)
@blueprint.doc(operationId="changeWebhook")
def change(body: Form, webhook_id: str) -> Any:
    """Change it, pause it, disable it, or enable it again."""
    changes = _checked(body)
    return transaction(lambda session: endpoints.change(session, webhook_id, changes))


@blueprint.route("/<webhook_id>", methods=["DELETE"])
@access.webhooks
@blueprint.response(204)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="deleteWebhook")
def delete(webhook_id: str) -> None:
    """Send nothing any more, and forget what was sent."""
    transaction(lambda session: endpoints.delete(session, webhook_id))


@blueprint.route("/<webhook_id>/secret", methods=["POST"])
@access.webhooks
@blueprint.arguments(schemas.Rotation, required=False)
@blueprint.response(200, schemas.WebhookWithSecret)
@blueprint.problems(400, 401, 403, 404, 409, 422, 429, 503)
@blueprint.doc(operationId="rotateWebhookSecret")
def rotate(body: Form, webhook_id: str) -> Any:
    """Another secret, shown this once; for a while requests are signed with the former one too."""
    hours = body["overlap_hours"]
    return transaction(lambda session: endpoints.rotate(session, _sealer(), webhook_id, hours)), NO_STORE


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
    return transaction(lambda session: deliveries.replay(session, webhook_id, event_id))


@blueprint.route("/<webhook_id>/replay", methods=["POST"])
@access.webhooks
@blueprint.arguments(schemas.ReplaySince)
@blueprint.response(202, schemas.Replayed)
@blueprint.problems(400, 401, 403, 404, 422, 429, 503)
@blueprint.doc(operationId="replayWebhook")
def replay_failed(body: Form, webhook_id: str) -> Any:
    """Send again what was given up of events since a time, 5,000 at once."""
    count = transaction(lambda session: deliveries.replay_failed(session, webhook_id, body["since"]))
    return {"replayed": count, "more": count == REPLAYED_AT_ONCE}


def _checked(body: Form) -> Form:
    """With types as they are kept, and a URL that may be called. Looks names up: do it before the transaction."""
    if "event_types" in body:
        body = {**body, "event_types": subscriptions.normalised(body["event_types"])}
    if "url" in body:
        addresses.check(body["url"], Rules.of(settings()))
    return body


def _sealer() -> Sealer:
    return Sealer(settings().webhook_encryption_keys)
