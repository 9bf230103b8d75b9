"""Orders placed and money taken by the hour. The clock counts, once a minute; whoever looks reads a row an hour.

An hour is counted from what happened in it, so counting it again changes nothing. The running hour and the one before
it are counted each time, others once: what was written by a transaction that was still open is in by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Integer, func, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from oms.extensions import Base
from oms.orders import events, lifecycle

HOUR = timedelta(hours=1)
# How far back hours are filled in: two weeks, and the hour that has begun.
BACK = 14 * 24
# The hours that one transaction counts.
BATCH = 24
MOST_FACILITIES = 50
OTHERS = ""
_MOMENT = DateTime(timezone=True)


class HourlyFigures(Base):
    """One hour. `facilities` has orders placed by facility, the smaller ones and none at all together under ''.

    `captured` and `refunded` have an amount as text by currency. They are null where nobody knows: the hour had left
    the outbox when it was counted.
    """

    __tablename__ = "hourly_figures"

    hour: Mapped[datetime] = mapped_column(_MOMENT, primary_key=True)
    placed: Mapped[int] = mapped_column(Integer)
    facilities: Mapped[Any] = mapped_column(JSONB)
    captured: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    refunded: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    counted_at: Mapped[datetime] = mapped_column(_MOMENT)


@dataclass(frozen=True, slots=True)
class Hour:
    """The figures of one hour, in the words of `HourlyFigures`."""

    hour: datetime
    placed: int
    facilities: Mapping[str, int]
    captured: Mapping[str, str] | None
    refunded: Mapping[str, str] | None


# By status, for that is how orders are indexed: of each the hours that are wanted, and no other order.
_PLACED = text("""
    SELECT date_trunc('hour', created_at, 'UTC') AS hour, COALESCE(facility_id, '') AS facility, count(*) AS placed
    FROM unnest(CAST(:statuses AS text[])) AS wanted (status) CROSS JOIN LATERAL (
        SELECT created_at, facility_id FROM orders
        WHERE orders.status = wanted.status AND created_at >= :since AND created_at < :until
    ) AS order_of_it
    GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
""")
# What a part of a payment had brought before is in the event before: only the difference is new.
_MONEY = text("""
    SELECT date_trunc('hour', created_at, 'UTC') AS hour, type, payload ->> 'currency' AS currency,
        sum(CASE WHEN type = :refunded THEN CAST(payload #>> '{refund,amount}' AS numeric)
            ELSE CAST(payload #>> '{payment,captured_amount}' AS numeric) - COALESCE((
                SELECT max(CAST(earlier.payload #>> '{payment,captured_amount}' AS numeric))
                FROM outbox_events AS earlier
                WHERE earlier.order_id = told.order_id AND earlier.version < told.version
                    AND earlier.type = told.type
                    AND earlier.payload #>> '{payment,payment_id}' = told.payload #>> '{payment,payment_id}'), 0)
            END) AS amount
    FROM outbox_events AS told
    WHERE created_at >= :since AND created_at < :until AND type IN (:captured, :refunded)
    GROUP BY 1, 2, 3
""")


def count(session: Session, now: datetime, remembered: timedelta) -> bool:
    """Count what is to be counted at `now`, a batch of hours at most; True if there is more to count.

    `remembered` is how long the outbox keeps events.
    """
    running = now.replace(minute=0, second=0, microsecond=0)
    oldest = running - BACK * HOUR
    over = HourlyFigures.counted_at >= HourlyFigures.hour + HOUR
    known = set(session.scalars(select(HourlyFigures.hour).where(HourlyFigures.hour >= oldest, over)))
    missing = [hour for hour in (running - back * HOUR for back in range(2, BACK + 1)) if hour not in known]
    _count(session, running - HOUR, running + HOUR, now, now - remembered)
    if missing:
        until = missing[0] + HOUR
        _count(session, max(missing[-1], until - BATCH * HOUR), until, now, now - remembered)
    return len(missing) > BATCH


def since(session: Session, moment: datetime) -> list[Hour]:
    """The hours from `moment` on, oldest first."""
    columns = (
        HourlyFigures.hour,
        HourlyFigures.placed,
        HourlyFigures.facilities,
        HourlyFigures.captured,
        HourlyFigures.refunded,
    )
    query = select(*columns).where(HourlyFigures.hour >= moment).order_by(HourlyFigures.hour)
    return [Hour(*row) for row in session.execute(query)]


def _count(session: Session, first: datetime, until: datetime, now: datetime, remembered_since: datetime) -> None:
    """Count the hours from `first` to `until`; those that are there are counted anew."""
    between = {"since": first, "until": until}
    placed = session.execute(_PLACED, {**between, "statuses": list(lifecycle.STATUSES)}).all()
    kinds = {"captured": events.PAYMENT_CAPTURED, "refunded": events.REFUND_CREATED}
    money = session.execute(_MONEY, {**between, **kinds}).all()
    rows = []
    for step in range((until - first) // HOUR):
        hour = first + step * HOUR
        facilities = _facilities([(row.facility, row.placed) for row in placed if row.hour == hour])
        amounts = {
            name: {row.currency: f"{row.amount:f}" for row in money if (row.hour, row.type) == (hour, kind)}
            if hour >= remembered_since
            else None
            for name, kind in kinds.items()
        }
        total = sum(facilities.values())
        rows.append({"hour": hour, "placed": total, "facilities": facilities, **amounts, "counted_at": now})
    _write(session, rows)


def _facilities(counted: Sequence[tuple[str, int]]) -> dict[str, int]:
    """The largest by name; the others are one."""
    found = dict(counted[:MOST_FACILITIES])
    rest = sum(placed for _, placed in counted[MOST_FACILITIES:])
    if rest:
        found[OTHERS] = found.get(OTHERS, 0) + rest
    return found


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    """What is known of money stays known when its events have left the outbox."""
    fresh = insert(HourlyFigures)
    kept = {name: getattr(fresh.excluded, name) for name in ("placed", "facilities", "counted_at")}
    for name in ("captured", "refunded"):
        kept[name] = func.coalesce(getattr(fresh.excluded, name), getattr(HourlyFigures, name))
    session.execute(fresh.on_conflict_do_update(index_elements=["hour"], set_=kept), rows)


def net(hour: Hour) -> dict[str, Decimal] | None:
    """Captured less refunded by currency; None where nobody knows."""
    if hour.captured is None or hour.refunded is None:
        return None
    found: dict[str, Decimal] = {currency: Decimal(amount) for currency, amount in hour.captured.items()}
    for currency, amount in hour.refunded.items():
        found[currency] = found.get(currency, Decimal(0)) - Decimal(amount)
    return found
