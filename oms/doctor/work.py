"""What is waiting for somebody: events, messages set aside, refunds, callbacks nobody knows."""

from collections.abc import Iterator

from sqlalchemy import text

from oms import dead_letters, outbox, partitions
from oms.bulk import imports
from oms.doctor.finding import Finding, judged
from oms.errors import Unavailable
from oms.transactions import read
from oms.webhooks import backlog

LAG_SECONDS = 60
_REFUNDS = text("""
    SELECT (SELECT count(*) FROM refunds WHERE status = 'failed') AS failed, (
        SELECT count(*) FROM refunds
        WHERE status IN ('created', 'pending') AND next_attempt_at < now() - interval '15 minutes'
    ) AS late
""")
_UNMATCHED = text("""
    SELECT count(*) FROM payment_events WHERE outcome = 'unmatched' AND received_at > now() - interval '7 days'
""")


def examine() -> Iterator[Finding]:
    try:
        yield from _examine()
    except Unavailable:
        return  # said once already


def _examine() -> Iterator[Finding]:
    lag = read(outbox.lag)
    yield judged(
        "outbox",
        f"{lag.pending} waiting, the oldest for {lag.seconds:.0f} s, {lag.refused} refused",
        well=lag.seconds < LAG_SECONDS and not lag.refused,
        advice="is the worker running and Kafka up? Refused events say why in outbox_events.last_error",
    )
    waiting = read(dead_letters.waiting)
    yield judged("dead letters", f"{waiting} set aside", well=not waiting, advice="look: flask --app wsgi oms dlq list")
    strays = sum(read(partitions.strays).values())
    yield judged(
        "partitions",
        f"{strays} rows outside of them",
        well=not strays,
        advice="is the clock running? It creates partitions ahead, and moves these rows where they belong",
    )
    refunds = read(lambda session: session.execute(_REFUNDS).one())
    yield judged(
        "refunds",
        f"{refunds.failed} failed, {refunds.late} late",
        well=not refunds.failed and not refunds.late,
        advice="failed ones wait for POST .../refunds/{refund_id}/retry; late ones for a worker or the provider",
    )
    hooks = read(backlog.backlog)
    yield judged(
        "webhooks",
        f"{hooks.waiting} waiting, {hooks.overdue_seconds:.0f} s overdue, {hooks.given_up} endpoints given up",
        well=hooks.overdue_seconds < LAG_SECONDS and not hooks.given_up,
        advice="is the worker of webhooks running? GET /webhooks says which endpoints are disabled, and why",
    )
    idle = read(imports.idle)
    yield judged(
        "imports",
        f"{idle:.0f} s since the one that waits longest was worked on" if idle else "none waits",
        well=idle < LAG_SECONDS,
        advice="is the process bulk running?",
    )
    unmatched = read(lambda session: session.execute(_UNMATCHED).scalar_one())
    yield judged(
        "callbacks",
        f"{unmatched} of the last week are about nothing we know",
        well=not unmatched,
        advice="run: flask --app wsgi oms reconcile-payments",
    )
