"""Tables: endpoints of subscribers, messages, what is to be delivered to whom, and every attempt at it.

A message is kept apart from the outbox: its row there leaves with the day's partition, and retries and replays need it
longer.
"""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from oms.extensions import Base

# Enabled: is told. Paused: is told later, everything is kept. Disabled: not told, and nothing new is kept. Deleted: its
# rows wait for the sweep.
ENABLED, PAUSED, DISABLED, DELETED = ENDPOINT_STATUSES = ("enabled", "paused", "disabled", "deleted")
# Why an endpoint is disabled: somebody did it, it answered 410 Gone, or nothing but failures for days.
BY_HAND, GONE, FAILING = DISABLED_REASONS = ("by_hand", "gone", "failing")
# Waiting: for its first attempt or the next one. Failed: given up, until somebody replays it.
WAITING, DELIVERED, FAILED = DELIVERY_STATUSES = ("waiting", "delivered", "failed")
_WAITS = "status = 'waiting'"


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class WebhookEndpoint(Base):
    """A subscriber's URL. Secrets are sealed (`signing`); `event_types` are exact types or prefixes with `.*`."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint(_one_of("status", ENDPOINT_STATUSES), name="status"),
        CheckConstraint(_one_of("disabled_reason", DISABLED_REASONS), name="disabled_reason"),
        CheckConstraint("(status = 'disabled') = (disabled_reason IS NOT NULL)", name="disabled_with_reason"),
        CheckConstraint("cardinality(event_types) > 0", name="some_event_type"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(String(200), server_default="")
    event_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    customer_id: Mapped[str | None] = mapped_column(String(50))
    facility_id: Mapped[str | None] = mapped_column(String(50))
    ordered: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(String(10), server_default=ENABLED)
    disabled_reason: Mapped[str | None] = mapped_column(String(10))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_secret_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    created_by: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class WebhookMessage(Base):
    """What is told, once for all endpoints; `body` is byte for byte what is signed and sent."""

    __tablename__ = "webhook_messages"
    __table_args__ = (Index("ix_webhook_messages_created", "created_at"),)

    event_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class WebhookDelivery(Base):
    """One message for one endpoint. `next_attempt_at` of a claimed one is when the claim runs out.

    `attempts` are those since it began, or was replayed. The order of an order's events is (version, position).
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(_one_of("status", DELIVERY_STATUSES), name="status"),
        Index("ix_webhook_deliveries_due", "endpoint_id", "next_attempt_at", postgresql_where=text(_WAITS)),
        Index(
            "ix_webhook_deliveries_order",
            "endpoint_id",
            "order_id",
            "version",
            "position",
            postgresql_where=text(_WAITS),
        ),
        Index("ix_webhook_deliveries_claimed", "endpoint_id", postgresql_where=text("claimed")),
        Index("ix_webhook_deliveries_status", "endpoint_id", "status", "event_id"),
        Index("ix_webhook_deliveries_created", "created_at"),
    )

    endpoint_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    order_id: Mapped[str | None] = mapped_column(String(50))
    version: Mapped[int] = mapped_column(Integer, server_default="0")
    position: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    status: Mapped[str] = mapped_column(String(10), server_default=WAITING)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    next_attempt_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    claimed: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WebhookAttempt(Base):
    """One request and what came of it: a status, or why there was none; `response` is the beginning of the answer."""

    __tablename__ = "webhook_attempts"

    endpoint_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    attempted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    duration_ms: Mapped[int] = mapped_column(Integer)
    status_code: Mapped[int | None] = mapped_column(SmallInteger)
    error: Mapped[str | None] = mapped_column(String(200))
    response: Mapped[str | None] = mapped_column(Text)
