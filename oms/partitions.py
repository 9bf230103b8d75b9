"""Tables that are partitioned by time. The clock creates partitions ahead and drops whole ones behind.

A row for which nobody has made a partition goes into the DEFAULT one, so nothing is ever refused; the clock moves it
out as soon as it looks. All of it waits for a lock for half a second at most, and is tried again a minute later: what
waits for such a lock has all traffic on the table waiting behind it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

_BOUNDS = re.compile(r"FROM \((?P<since>.+?)\) TO \((?P<until>.+?)\)")


@dataclass(frozen=True, slots=True)
class Partitioned:
    """`unit` is what a partition holds, `ahead` how many are there before they are needed.

    `kept` is a condition on rows that are never dropped, whatever their age.
    """

    table: str
    unit: Literal["day", "month"]
    ahead: int
    kept: str = "false"


JOURNEY = Partitioned("order_journey", "month", 2)
OUTBOX = Partitioned("outbox_events", "day", 3, kept="published_at IS NULL")
ALL = (JOURNEY, OUTBOX)
STORAGE = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05"


@dataclass(frozen=True, slots=True)
class Partition:
    """One of them; `since` is None where it begins with the first row there ever was."""

    name: str
    since: datetime | None
    until: datetime

    def holds(self, moment: datetime) -> bool:
        return (self.since is None or self.since <= moment) and moment < self.until


_PARTITIONS = text("""
    SELECT child.relname AS name, pg_get_expr(child.relpartbound, child.oid) AS bounds
    FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = CAST(:table AS regclass) ORDER BY child.relname
""")


def partitions(session: Session, of: Partitioned) -> list[Partition]:
    """All but the DEFAULT one."""
    found = []
    for row in session.execute(_PARTITIONS, {"table": of.table}):
        if bounds := _BOUNDS.search(row.bounds):
            since = None if bounds["since"] == "MINVALUE" else _moment(bounds["since"])
            found.append(Partition(row.name, since, _moment(bounds["until"])))
    return found


def create_missing(session: Session, of: Partitioned, now: datetime, since: datetime | None = None) -> list[str]:
    """Create what is needed from `since` (now) on, and for rows in the DEFAULT partition, which move.

    Returns the names.
    """
    there = partitions(session, of)
    wanted = set(_strays(session, of))
    start, last = _start(of, since or now), _start(of, now)
    for _ in range(of.ahead):
        last = _next(of, last)
    while start <= last:
        wanted.add(start)
        start = _next(of, start)
    missing = [since for since in sorted(wanted) if not any(each.holds(since) for each in there)]
    return [_create(session, of, since) for since in missing]


def drop_before(session: Session, of: Partitioned, moment: datetime, batch: int = 5000) -> int:
    """Drop partitions that end before `moment`. One that has rows which are kept loses its others, at most `batch`.

    Returns how many rows were deleted or partitions dropped: 0 when there is nothing left to do.
    """
    done = 0
    for partition in partitions(session, of):
        if partition.until > moment:
            continue
        if _has_kept(session, of, partition):
            done += _delete_others(session, of, partition, batch)
            continue
        # The table first, as everybody else does: two that lock in opposite orders wait for each other for ever.
        _be_quick(session)
        session.execute(text(f"LOCK TABLE ONLY {of.table} IN ACCESS EXCLUSIVE MODE"))
        if not _has_kept(session, of, partition):
            session.execute(text(f"DROP TABLE {partition.name}"))
            done += 1
    return done


def strays(session: Session) -> dict[str, int]:
    """Rows in the DEFAULT partitions by table, counted up to a thousand; more than none: nobody creates partitions."""
    counts = {}
    for of in ALL:
        query = text(f"SELECT count(*) FROM (SELECT 1 FROM {of.table}_rest LIMIT 1000) AS found")
        counts[of.table] = int(session.execute(query).scalar_one())
    return counts


def _strays(session: Session, of: Partitioned) -> Iterator[datetime]:
    query = text(f"SELECT DISTINCT date_trunc('{of.unit}', created_at, 'UTC') FROM {of.table}_rest")
    yield from session.execute(query).scalars()


def _create(session: Session, of: Partitioned, since: datetime) -> str:
    until = _next(of, since)
    name = f"{of.table}_{since:%Y_%m_%d}" if of.unit == "day" else f"{of.table}_{since:%Y_%m}"
    of_it = f"created_at >= '{since.isoformat()}' AND created_at < '{until.isoformat()}'"
    _be_quick(session)
    for statement in (
        f"CREATE TABLE {name} (LIKE {of.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH ({STORAGE})",
        f"LOCK TABLE ONLY {of.table} IN SHARE UPDATE EXCLUSIVE MODE",
        f"LOCK TABLE {of.table}_rest IN ACCESS EXCLUSIVE MODE",
        f"WITH moved AS (DELETE FROM {of.table}_rest WHERE {of_it} RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        f"ALTER TABLE {of.table} ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{since.isoformat()}') TO ('{until.isoformat()}')",
    ):
        session.execute(text(statement))
    return name


def _has_kept(session: Session, of: Partitioned, partition: Partition) -> bool:
    query = text(f"SELECT EXISTS (SELECT 1 FROM {partition.name} WHERE {of.kept})")
    return bool(session.execute(query).scalar())


def _delete_others(session: Session, of: Partitioned, partition: Partition, batch: int) -> int:
    statement = text(f"""
        DELETE FROM {partition.name} WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM {partition.name} WHERE NOT ({of.kept}) ORDER BY created_at LIMIT :batch))
    """)
    return int(session.execute(statement, {"batch": batch}).rowcount)  # type: ignore[attr-defined]


def _be_quick(session: Session) -> None:
    session.execute(text("SET LOCAL lock_timeout = '500ms'"))


def _start(of: Partitioned, moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day if of.unit == "day" else day.replace(day=1)


def _next(of: Partitioned, start: datetime) -> datetime:
    return start + timedelta(days=1) if of.unit == "day" else (start + timedelta(days=32)).replace(day=1)


def _moment(literal: str) -> datetime:
    return datetime.fromisoformat(literal.strip("'")).astimezone(UTC)
