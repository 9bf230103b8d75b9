"""Webhooks as tests use them: endpoints made over the API, events of orders, the job run here."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask

from oms import queues
from oms.jobs.deliver_webhooks import deliver_webhooks
from oms.jobs.publish_outbox import publisher
from oms.outbox import pending_shards, publish
from oms.transactions import transaction
from oms.webhooks.fan_out import fan_out
from tests.callers import Caller
from tests.factories import execute, place, rows, url
from tests.webhooks.receivers import Receiver

KEY = "seals-the-secrets-of-the-tests-0123456789"


@dataclass
class Hooks:
    """Within the application's context."""

    app: Flask
    seller: Caller

    def create(self, address: str, **more: Any) -> Any:
        return self.seller.post("/webhooks", {"url": address, **more})

    def endpoint(self, receiver: Receiver, **more: Any) -> Any:
        answer = self.create(receiver.url, **more)
        assert answer.status_code == 201, answer.data
        return answer.get_json()

    def order(self, **more: Any) -> Any:
        return place(self.seller, **{"customer_id": "C", **more})

    def move(self, order: Any, *statuses: str) -> None:
        for status in statuses:
            answer = self.seller.patch(url(order), {"status": status})
            assert answer.status_code == 200, answer.data

    def publish(self) -> None:
        """As the worker of the outbox does, on the real broker."""
        transaction(lambda session: publish(session, pending_shards(session), publisher(), fan_out))

    def deliver(self) -> int:
        return deliver_webhooks()

    def told(self) -> int:
        self.publish()
        return self.deliver()

    def make_due(self) -> None:
        """The pause before the next attempt is over, or the claim of a worker that died."""
        execute(self.app, "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'waiting'")

    def try_again(self) -> int:
        self.make_due()
        return self.deliver()

    def deliveries(self, endpoint: Any, **query: Any) -> list[Any]:
        answer = self.seller.get(f"/webhooks/{endpoint['id']}/deliveries", query_string=query)
        assert answer.status_code == 200, answer.data
        return list(answer.get_json()["deliveries"])

    def delivery(self, endpoint: Any, event_id: str) -> Any:
        answer = self.seller.get(f"/webhooks/{endpoint['id']}/deliveries/{event_id}")
        assert answer.status_code == 200, answer.data
        return answer.get_json()

    def found(self, endpoint: Any) -> Any:
        return self.seller.get(f"/webhooks/{endpoint['id']}").get_json()

    def post(self, endpoint: Any, *path: str, body: Any = None) -> Any:
        return self.seller.post("/".join(["/webhooks", endpoint["id"], *path]), body)

    def patch(self, endpoint: Any, **changes: Any) -> Any:
        answer = self.seller.patch(f"/webhooks/{endpoint['id']}", changes)
        assert answer.status_code == 200, answer.data
        return answer.get_json()

    def waiting(self) -> int:
        return int(rows(self.app, "SELECT count(*) FROM webhook_deliveries WHERE status = 'waiting'")[0][0])

    def simply(self, statement: str, **parameters: Any) -> None:
        execute(self.app, statement, **parameters)

    def ring(self) -> None:
        queues.insist(queues.DELIVER_WEBHOOKS)


@contextmanager
def delivering(hooks: Hooks) -> Iterator[None]:
    """The job, while the test looks at what arrives."""

    def deliver() -> None:
        with hooks.app.app_context():
            hooks.deliver()

    running = threading.Thread(target=deliver)
    running.start()
    yield
    running.join()
