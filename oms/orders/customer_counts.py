"""How many orders a customer has, counted anew only from an hour ago on.

B's listing tells it with every page. Of somebody with hundreds of thousands of orders the count took forty times as
long as the page. An order keeps its customer and its time for ever, and none is deleted; so what was counted up to a
settled moment stays right, and Redis keeps it. Where Redis has nothing, all are counted.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson
import redis

from oms.driver_sql import Executor, compiled, run
from oms.orders import store
from oms.redis_guard import attempt

# Longer than any statement or retry may take to commit an order under the time it was given, and clocks may differ.
SETTLES_AFTER = timedelta(hours=1)
# What is quicker counted than kept.
WORTH_KEEPING = 1000
KEPT_SECONDS = 24 * 3600
# A replica has what was placed long before what it replayed last; one that was just started has replayed nothing yet.
_COUNT = compiled("""
    WITH moment AS MATERIALIZED (
        SELECT least(CAST(:now AS timestamptz), CASE WHEN pg_is_in_recovery()
            THEN coalesce(pg_last_xact_replay_timestamp(), to_timestamp(0)) END)
            - make_interval(secs => :settles_after) AS settled
    )
    SELECT (SELECT settled FROM moment), count(*), count(*) FILTER (WHERE created_at < (SELECT settled FROM moment))
    FROM orders WHERE customer_id = :customer_id AND created_at >= :since
""")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Counted(NamedTuple):
    """So many `orders` were placed before `until`."""

    until: datetime
    orders: int


class Total(NamedTuple):
    """All `orders` of a customer; `settled` is what is worth keeping of the count."""

    orders: int
    settled: Counted | None


NOTHING = Counted(_BEGINNING, 0)


def key(customer_id: str) -> str:
    """Where Redis may hold what was counted."""
    return f"orders:counted:{customer_id}"


def parse(kept: bytes | None) -> Counted:
    """What Redis held; anything else in its place counts for nothing."""
    try:
        until, orders = orjson.loads(kept or b"")
        found = Counted(datetime.fromisoformat(until), int(orders))
        return found if found.orders >= 0 and found.until < store.now() else NOTHING
    except (ValueError, TypeError):
        return NOTHING


def count(on: Executor, customer_id: str, known: Counted) -> Total:
    """All orders of the customer, where those that `known` counted are not counted again."""
    moments = {"since": known.until, "now": store.now(), "settles_after": SETTLES_AFTER.total_seconds()}
    settled, found, of_these_settled = run(on, _COUNT, {"customer_id": customer_id, **moments}).one()
    worth_keeping = of_these_settled >= WORTH_KEEPING
    return Total(known.orders + found, Counted(settled, known.orders + of_these_settled) if worth_keeping else None)


def keep(customer_id: str, total: Total) -> None:
    """Keep what has settled of it for the next time, where that is worth it."""
    if total.settled is not None:
        value = orjson.dumps(list(total.settled))  # orjson writes no named tuples
        attempt("counted", lambda client: client.set(key(customer_id), value, ex=KEPT_SECONDS))


def forget_all() -> bool:
    """For whoever has written orders of the past; False when Redis is away."""

    def work(client: "redis.Redis") -> bool:
        for name in client.scan_iter(key("*")):
            client.delete(name)
        return True

    return bool(attempt("counted", work))
