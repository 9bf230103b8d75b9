"""PostgreSQL: there, at our schema, with its clock near ours and room for our connections."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import schema_version
from oms.config import Settings
from oms.doctor.finding import Finding, judged
from oms.errors import Unavailable
from oms.extensions import session_limits
from oms.transactions import read

SKEW_SECONDS = 2.0
# Sequences of requests, jobs and messages, each at its own pool's size.
_PROCESSES_BESIDE_WEB = 4
_FACTS = text("""
    SELECT now() AS now, current_setting('max_connections') AS connections,
        current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') AS fsync
""")


# What a connection asks for when it is made; a pooler in transaction mode drops it.
_LIMITS = text("""
    SELECT name, CASE WHEN vartype = 'string' THEN setting ELSE setting || unit END AS found FROM pg_settings
    WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'TimeZone')
""")


def examine(settings: Settings) -> Iterator[Finding]:
    try:
        facts = read(lambda session: session.execute(_FACTS).one())
    except Unavailable:
        yield Finding("fail", "PostgreSQL", "no answer", "start it, or correct DATABASE_URL; nothing works without it")
        return
    yield Finding("ok", "PostgreSQL", "answers")
    yield _schema()
    skew = abs((datetime.now(UTC) - facts.now).total_seconds())
    yield judged(
        "clock of PostgreSQL", f"{skew:.1f} s from ours", well=skew <= SKEW_SECONDS, advice="let NTP set both clocks"
    )
    wanted = (settings.web_workers + _PROCESSES_BESIDE_WEB) * (settings.db_pool_size + 2)
    yield judged(
        "connections",
        f"up to {wanted} wanted by one of each process, {facts.connections} allowed",
        well=wanted < int(facts.connections),
        advice="lower DB_POOL_SIZE or WEB_CONCURRENCY, raise max_connections, or put PgBouncer in front",
    )
    yield _limits(settings)
    durable = facts.synchronous_commit != "off" and facts.fsync == "on"
    yield judged(
        "durability",
        f"fsync {facts.fsync}, synchronous_commit {facts.synchronous_commit}",
        well=durable,
        advice="turn both on: an acknowledged order could be lost in a crash",
        grade="fail",
    )
    if settings.read_database_url:
        yield _replica()


def _limits(settings: Settings) -> Finding:
    found = read(lambda session: {row.name: row.found for row in session.execute(_LIMITS)})
    wanted = {name.lower(): str(value) for name, value in session_limits(settings).items()}
    other = [f"{name} is {value}" for name, value in found.items() if wanted[name.lower()] != value.removesuffix("ms")]
    return judged(
        "limits of sessions",
        ", ".join(other) or "as configured",
        well=not other,
        advice="a pooler drops what a connection asks for: give the limits to the role, as docs/scaling.md says",
    )


def _schema() -> Finding:
    applied, heads = schema_version.applied(), schema_version.heads()
    return judged(
        "schema",
        f"at {', '.join(sorted(applied)) or 'nothing'}, this code's is {', '.join(sorted(heads))}",
        well=applied == heads,
        advice="run: flask --app wsgi db upgrade" if applied <= schema_version.known() else "deploy the newer code",
        grade="fail",
    )


_LAG = text("SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp()), pg_is_in_recovery()")


def _replica() -> Finding:
    def ask(session: Session) -> tuple[float | None, bool]:
        seconds, standby = session.execute(_LAG).one()
        return seconds, standby

    try:
        seconds, standby = read(ask, replica=True)
    except Unavailable:
        return Finding("warn", "replica", "no answer", "queries go to the primary until READ_DATABASE_URL answers")
    return judged(
        "replica",
        f"last change replayed {float(seconds or 0):.0f} s ago" if standby else "not a standby",
        well=bool(standby),
        advice="READ_DATABASE_URL should lead to a streaming replica; leave it out otherwise",
    )
