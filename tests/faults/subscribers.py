"""Receivers of webhooks: who wants everything of a customer's orders as it comes, and who wants it in order. Both
refuse some of it the first time, and believe nothing that is not signed."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from standardwebhooks.webhooks import WebhookVerificationError

from tests.faults.evidence import Check, Evidence
from tests.faults.installation import Installation
from tests.faults.ledger import Broken, Delivery, Endpoint, Ledger
from tests.faults.load import Person
from tests.floor.topics import ORDER_EVENTS
from tests.processes.programs import Client
from tests.webhooks.receivers import Answer, Got, Receiver

REFUSED = 0.01
WAITING = "SELECT count(*) FROM webhook_deliveries WHERE status = 'waiting'"
_EVENTS = """
    SELECT event_id, order_id FROM outbox_events JOIN orders USING (order_id)
    WHERE customer_id = %s AND topic = 'order-events'
"""


@contextmanager
def subscribed(system: Installation, ledger: Ledger, staff: Person, customers: list[Person]) -> Iterator[None]:
    """An endpoint for each of two customers, who have no orders yet."""
    plain, in_order = customers[:2]
    with _listening(system, ledger, staff, plain, False), _listening(system, ledger, staff, in_order, True):
        yield


@contextmanager
def _listening(system: Installation, ledger: Ledger, staff: Person, customer: Person, ordered: bool) -> Iterator[None]:
    with Receiver() as receiver:
        wanted = {"url": receiver.url, "customer_id": customer.id, "ordered": ordered}
        made = Client(system.port, staff.headers).call("POST", "/webhooks", wanted)
        assert made.status == 201, made.body
        endpoint = Endpoint(customer.id, ordered)
        receiver.answer = _Answering(ledger, endpoint, made.json["secret"])
        ledger.endpoints.append(endpoint)
        yield


class _Answering:
    """Called by a thread of the receiver for each request."""

    def __init__(self, ledger: Ledger, endpoint: Endpoint, secret: str) -> None:
        self._ledger, self._endpoint, self._secret = ledger, endpoint, secret
        self._lock = threading.Lock()

    def __call__(self, got: Got) -> Answer:
        try:
            event = got.verified(self._secret)
        except WebhookVerificationError as error:
            self._ledger.note_broken("other", self._ledger.phase, f"a webhook has no good signature: {error}")
            return Answer(401)
        with self._lock:
            if got.id not in self._endpoint.refused and random.random() < REFUSED:
                self._endpoint.refused.add(got.id)
                return Answer(503)
            self._endpoint.accepted.append(Delivery(got.id, event["data"]))
            return Answer()


def every_webhook_came(evidence: Evidence) -> Iterator[Broken]:
    on_kafka = {message.id: message for message in evidence.heard if message.topic == ORDER_EVENTS}
    for endpoint in evidence.ledger.endpoints:
        wanted = dict(evidence.system.query(_EVENTS, endpoint.customer_id))
        came = {delivery.event_id: delivery.data for delivery in endpoint.accepted}
        for event_id in wanted.keys() - came.keys():
            yield evidence.lost(wanted[event_id], f"its event {event_id} never came by webhook")
        for event_id, data in came.items():
            if event_id not in wanted:
                yield Broken("other", evidence.ledger.phase, f"a webhook told of {event_id}, which it was not to")
            elif event_id in on_kafka and data != on_kafka[event_id].json:
                yield evidence.wrong(wanted[event_id], f"its event {event_id} came by webhook as {data}")


def an_ordered_endpoint_was_told_in_order(evidence: Evidence) -> Iterator[Broken]:
    places = {event_id: place for place, event_id in evidence.outbox.items()}
    for endpoint in evidence.ledger.endpoints:
        last: dict[str, tuple[int, int]] = {}
        told: set[str] = set()
        for delivery in endpoint.accepted if endpoint.ordered else ():
            if delivery.event_id in told or delivery.event_id not in places:
                continue
            told.add(delivery.event_id)
            order_id, *place = places[delivery.event_id]
            if last.get(order_id, (0, -1)) > tuple(place):
                yield evidence.wrong(order_id, f"its event {place} came by webhook after {last[order_id]}")
            last[order_id] = (place[0], place[1])


CHECKS: tuple[Check, ...] = (every_webhook_came, an_ordered_endpoint_was_told_in_order)
