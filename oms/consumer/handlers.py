"""What each topic's messages do: the same services as HTTP, under the names of the systems that speak here.

A handler gets the session, the document and the message, returns the order it changed, if any, and refuses by raising
`oms.errors`. It does nothing outside the session.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from marshmallow import ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from oms.accounts.actor import Actor, system
from oms.config import Settings
from oms.consumer import messages
from oms.consumer.processing import Handler
from oms.consumer.received import Received
from oms.errors import Invalid
from oms.orders import bodies, cancellation, changes, items, placement, updates
from oms.orders.order import Order, Outcome, Why
from oms.transactions import after_commit

CONSUMER, FULFILMENT = system("consumer"), system("fulfilment")
_NEW_ORDER, _FULFILMENT_UPDATE = messages.NewOrder(), messages.FulfilmentUpdate()
_CREATE, _UPDATE, _CANCEL = messages.CreateCommand(), messages.UpdateCommand(), messages.CancelCommand()
_PROCESSED = text("""
    INSERT INTO order_processing (order_id, event_id) VALUES (:order_id, :event_id) ON CONFLICT DO NOTHING
    RETURNING order_id
""")
_log = structlog.get_logger(__name__)


def handlers(settings: Settings) -> Mapping[str, Handler]:
    """The handler of each consumed topic."""
    return {
        settings.kafka_new_order_topic: new_order,
        settings.kafka_fulfilment_topic: fulfilment_update,
        settings.kafka_commands_topic: order_command,
    }


def new_order(session: Session, document: Any, received: Received) -> Order | None:
    """B's downstream step, once per order, whoever has announced it and however often."""
    order_id = messages.load(_NEW_ORDER, document)["id"]
    taken = session.execute(_PROCESSED, {"order_id": order_id, "event_id": received.event_id}).first()
    if taken is not None:
        after_commit(session, lambda: _log.info("order_processed", order_id=order_id, event_id=received.event_id))
    return None


def fulfilment_update(session: Session, document: Any, received: Received) -> Order | None:
    """Move an order or a line; a report of a stage already passed changes nothing and is well."""
    update = messages.load(_FULFILMENT_UPDATE, document)
    order_id, status = update["order_id"], update["status"]
    if "line_no" in update or "sku" in update:
        outcome = _move_line(session, update)
    else:
        why = Why(update.get("reason"), update.get("remarks"))
        outcome = changes.change_status(session, order_id, status, FULFILMENT, why)
    if not outcome.applied:
        _log.info("fulfilment_update_late", order_id=order_id, status=status, event_id=received.event_id)
    return _changed(outcome)


def order_command(session: Session, document: Any, _: Received) -> Order | None:
    """Create, update or cancel an order on behalf of another system."""
    command = document.get("command") if isinstance(document, dict) else None
    match command:
        case "create":
            return _create(session, messages.load(_CREATE, document))
        case "update":
            wanted = messages.load(_UPDATE, document)
            return _changed(updates.update_order(session, wanted["order_id"], wanted["changes"], CONSUMER))
        case "cancel":
            wanted = messages.load(_CANCEL, document)
            return _changed(cancellation.cancel_order(session, wanted["order_id"], CONSUMER, wanted))
        case _:
            raise Invalid.at("/command", "Use one of create, update, cancel.", code="unknown_command")


def _create(session: Session, command: Mapping[str, Any]) -> Order:
    customer_id = command.get("customer_id")
    actor = Actor(customer_id, "customer") if customer_id else CONSUMER
    try:
        body = bodies.read_order(command["order"])
    except ValidationError as error:
        raise messages.refused(error) from error
    return placement.place_order(session, body, actor)


def _move_line(session: Session, update: Mapping[str, Any]) -> Outcome:
    order_id = update["order_id"]
    data = {name: update[name] for name in ("status", "quantity", "reason", "remarks") if name in update}
    if "line_no" in update:
        return items.change_item(session, order_id, update["line_no"], data, FULFILMENT)
    return items.change_item_by_sku(session, order_id, update["sku"], data, FULFILMENT)


def _changed(outcome: Outcome) -> Order | None:
    return outcome.order if outcome.applied else None
