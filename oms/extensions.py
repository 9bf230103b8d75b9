"""Unbound extensions; `app.create_app` binds them."""

import math
from typing import Any

import redis
from flask import Flask, current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from oms import answer_deadline, redis_address
from oms.config import Settings

READ_BIND = "read"
# The server ends a statement first; these seconds are for its word to arrive.
GRACE_SECONDS = 2.0


class Base(DeclarativeBase):
    """Every constraint has a name, so that a migration can change it and an error can be told apart by it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
migrate = Migrate()
jwt = JWTManager()


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.config["OMS_SETTINGS"]
    return found


def redis_client() -> "redis.Redis":
    """The client for the hot path: it gives up after `REDIS_TIMEOUT_MS`, and re-dials once when a connection died."""
    client: redis.Redis = current_app.extensions["oms_redis"]
    return client


def queue_connection() -> "redis.Redis":
    """The client RQ uses, with time to wait; never on a request's path but for the rare enqueue."""
    client: redis.Redis = current_app.extensions["oms_queue_redis"]
    return client


def bind_redis(app: Flask, settings: Settings) -> None:
    """Two clients, over one server unless the queue has its own."""
    patience = settings.redis_timeout_ms / 1000
    app.extensions["oms_redis"] = redis_address.client(settings.redis_url, patience, patience)
    app.extensions["oms_queue_redis"] = redis_address.client(settings.redis_queue_url or settings.redis_url, 1.0, 2.0)


def session_limits(settings: Settings) -> dict[str, int | str]:
    """What every session of ours asks of PostgreSQL, in milliseconds; behind a pooler the role has to bring it."""
    return {
        "statement_timeout": settings.db_statement_timeout_ms,
        "lock_timeout": settings.db_lock_timeout_ms,
        "idle_in_transaction_session_timeout": 60_000,
        "timezone": "UTC",
    }


def engine_options(settings: Settings, *, read_only: bool = False) -> dict[str, Any]:
    """Pool and session limits. A checkout waits 2 s at most; a lost connection is noticed by the first statement."""
    session = session_limits(settings)
    if read_only:
        session["default_transaction_read_only"] = "on"
    return {
        "pool_size": settings.db_pool_size,
        "max_overflow": 2,
        "pool_timeout": 2,
        "pool_use_lifo": True,
        "connect_args": {
            "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
            "application_name": "oms",
            "connect_timeout": 2,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 12_000,
            "connection_factory": answer_deadline.connections(
                settings.db_statement_timeout_ms / 1000 + GRACE_SECONDS, settings.slow_query_ms / 1000 or math.inf
            ),
        },
    }
