"""How many orders have which status, without counting millions of them."""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms.orders import lifecycle

# Up to so many of a status are counted; of more, the planner's own statistics tell about how many there are.
MOST_COUNTED = 10_000
_COUNTS = text("""
    SELECT wanted.status, counted.orders FROM unnest(CAST(:statuses AS text[])) AS wanted (status) CROSS JOIN LATERAL (
        SELECT count(*) AS orders FROM (
            SELECT 1 FROM orders WHERE orders.status = wanted.status LIMIT :most
        ) AS found
    ) AS counted
""")
_ESTIMATES = text("""
    SELECT status, CAST(share * reltuples AS bigint) AS orders
    FROM pg_stats, pg_class, unnest(CAST(CAST(most_common_vals AS text) AS text[]), most_common_freqs)
        AS common (status, share)
    WHERE pg_class.oid = to_regclass('orders') AND schemaname = CAST(CAST(relnamespace AS regnamespace) AS text)
      AND tablename = relname AND attname = 'status' AND reltuples > 0
""")


class StatusCount(NamedTuple):
    """Orders of a status; where they are not `exact` there are about so many, or at least `MOST_COUNTED`."""

    status: str
    orders: int
    exact: bool


def count(session: Session, most: int = MOST_COUNTED) -> list[StatusCount]:
    """All statuses in the order of the lifecycle; reads at most `most` index entries of each."""
    asked = {"statuses": list(lifecycle.STATUSES), "most": most}
    counted = {row.status: row.orders for row in session.execute(_COUNTS, asked)}
    cut = {status for status, orders in counted.items() if orders >= most}
    about = {row.status: row.orders for row in session.execute(_ESTIMATES)} if cut else {}
    return [
        StatusCount(status, max(counted[status], about.get(status, 0)), exact=status not in cut)
        for status in lifecycle.STATUSES
    ]
