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
# A replica has what was placed long before it stopped replaying; on the primary that moment is NULL, and no limit.
_COUNT = compiled("""
    WITH moment AS MATERIALIZED (
        SELECT least(CAST(:now AS timestamptz), pg_last_xact_replay_timestamp())
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


def count(on: Executor, customer_id: str, known: Counted) -> int:
    """All orders of the customer; what has settled since `known` is kept where it is worth it."""
    moments = {"since": known.until, "now": store.now(), "settles_after": SETTLES_AFTER.total_seconds()}
    settled, found, of_these_settled = run(on, _COUNT, {"customer_id": customer_id, **moments}).one()
    if of_these_settled >= WORTH_KEEPING:
        _keep(customer_id, Counted(settled, known.orders + of_these_settled))
    return int(known.orders + found)


def forget_all() -> None:
    """For whoever has written orders of the past."""

    def work(client: "redis.Redis") -> None:
        for name in client.scan_iter(key("*")):
            client.delete(name)

    attempt("counted", work)


def _keep(customer_id: str, counted: Counted) -> None:
    value = orjson.dumps(list(counted))  # orjson writes no named tuples
    attempt("counted", lambda client: client.set(key(customer_id), value, ex=KEPT_SECONDS))
