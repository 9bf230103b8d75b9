"""The job that delivers webhooks. Rung by `queues.wake`; what it has to do is in PostgreSQL.

Requests go out side by side in threads that know neither database nor application; this thread claims, records and
listens for the bell. So a receiver that takes its time costs a slot and nobody else's.
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog
from flask import current_app
from sqlalchemy.orm import Session

from oms import queues
from oms.config import Settings
from oms.extensions import settings
from oms.observability.metrics import WEBHOOK_ATTEMPTS
from oms.transactions import transaction
from oms.webhooks import claiming, recording, sending, signing
from oms.webhooks.addresses import Rules
from oms.webhooks.claiming import Claimed, Found, Slots
from oms.webhooks.models import DELIVERED, FAILED
from oms.webhooks.recording import Outcome, Tried
from oms.webhooks.sending import Result
from oms.webhooks.signing import Sealer

# Well below the job's time limit; then it rings for its own successor.
SECONDS = 30.0
# Without a ring it looks again after this, for retries that have come due, and in case Redis is away.
LOOK_SECONDS = 1.0
LISTEN_SECONDS = 0.1
NOTHING = Found([], more=False)
_RESULTS = {DELIVERED: "delivered", FAILED: "given_up"}
_log = structlog.get_logger(__name__)


def deliver_webhooks() -> int:
    """Deliver until nothing is due; returns how many attempts were recorded.

    What is still under way when its time is over is the next run's, which begins at once: to wait for slow receivers
    here would keep the others waiting too.
    """
    queues.silence(queues.DELIVER_WEBHOOKS)
    return courier().run(SECONDS)


class Courier:
    """What is under way from this process; it outlives the jobs."""

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen
        self._threads = ThreadPoolExecutor(chosen.webhook_concurrency, thread_name_prefix="webhook")
        self._rules = Rules.of(chosen)
        self._sealer = Sealer(chosen.webhook_encryption_keys)
        self._under_way: dict[Future[Result], Claimed] = {}

    def run(self, seconds: float) -> int:
        """Claim, send and record until nothing is left to do, or for `seconds`."""
        until = time.monotonic() + seconds
        made, look_at, look = 0, 0.0, True
        while look or self._under_way:
            if time.monotonic() >= until:
                queues.wake(queues.DELIVER_WEBHOOKS)
                break
            done = self._finished()
            look = bool(look or done or time.monotonic() >= look_at or queues.hear(queues.DELIVER_WEBHOOKS))
            if look:
                look_at = time.monotonic() + LOOK_SECONDS
                made, look = made + len(done), self._turn(done, look=True)
        return made

    def finish(self) -> int:
        """Wait for what is under way, and record it: for a process that goes on to other things, or ends."""
        made = 0
        while self._under_way:
            if done := self._finished():
                made += len(done)
                self._turn(done, look=False)
        return made

    def _finished(self) -> list[Tried]:
        if not self._under_way:
            return []
        done, _ = wait(self._under_way, LISTEN_SECONDS, FIRST_COMPLETED)
        return [Tried(self._under_way.pop(future), future.result()) for future in done]

    def _turn(self, done: list[Tried], *, look: bool) -> bool:
        """Record what is done and send what has a slot, in one transaction; whether to look again at once."""
        days, capacity = self._settings.webhook_disable_after_days, self._settings.webhook_concurrency
        free = capacity - len(self._under_way)
        failing = sum(delivery.failing for delivery in self._under_way.values())

        def work(session: Session) -> tuple[list[Outcome], Found]:
            claiming.lock(session)
            outcomes = recording.record(session, done, days) if done else []
            slots = Slots(capacity, free, failing)
            return outcomes, claiming.claim(session, slots) if look and free else NOTHING

        outcomes, found = transaction(work)
        for tried, outcome in zip(done, outcomes, strict=True):
            self._count(tried, outcome)
        for delivery in found.claimed:
            self._under_way[self._threads.submit(self._send, delivery, self._opened(delivery))] = delivery
        return found.more

    def _opened(self, delivery: Claimed) -> list[str]:
        opened = (self._sealer.open(sealed) for sealed in delivery.secrets)
        return [secret for secret in opened if secret is not None]

    def _send(self, delivery: Claimed, secrets: list[str]) -> Result:
        if not secrets:
            return Result(None, "the secret can't be opened: see WEBHOOK_ENCRYPTION_KEYS", 0)
        body = delivery.body.encode()
        headers = signing.headers(delivery.event_id, int(time.time()), body, secrets)
        return sending.post(delivery.url, body, headers, self._rules, self._settings.webhook_timeout_ms / 1000)

    def _count(self, tried: Tried, outcome: Outcome) -> None:
        WEBHOOK_ATTEMPTS.labels(_RESULTS.get(outcome.status, "postponed")).inc()
        if outcome.status == FAILED:
            names = {"endpoint_id": tried.delivery.endpoint_id, "event_id": tried.delivery.event_id}
            _log.warning("webhook_given_up", **names, reason=tried.result.error)


def courier() -> Courier:
    """This application's."""
    found: Courier | None = current_app.extensions.get("oms_webhook_courier")
    if found is None:
        found = current_app.extensions["oms_webhook_courier"] = Courier(settings())
    return found
