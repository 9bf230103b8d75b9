"""Health, readiness and metrics."""

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import redis
from flask import Flask, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import dead_letters, outbox, partitions, queues, strict_json
from oms.api import access, health_page
from oms.api.openapi import OmsBlueprint
from oms.bulk import imports
from oms.consumer_lag import read_lag
from oms.errors import Unavailable
from oms.extensions import redis_client
from oms.kafka import BrokerCheck
from oms.observability import metrics
from oms.transactions import read
from oms.web.rate_limits import exempt
from oms.webhooks import backlog

blueprint = OmsBlueprint("probes", __name__, description="For whoever runs it")
# Events older than this make the system degraded: somebody should look at the worker or the broker.
OUTBOX_PATIENCE_SECONDS = 60.0
draining = threading.Event()


@blueprint.route("/health", methods=["GET"])
@access.public
@exempt
@blueprint.response(200)
@blueprint.alt_response(503, description="The database is down.")
@blueprint.doc(operationId="getHealth")
def health() -> Response:
    """Database, Redis, Kafka and outbox; 503 only when the database is down.

    JSON, and a page for people where `Accept` asks for `text/html`, as browsers do.
    """
    checks = {"database": _database(), "redis": _redis(), "kafka": _kafka(), "outbox": _outbox()}
    degraded = any(check["status"] != "ok" for check in checks.values())
    status = 503 if checks["database"]["status"] != "ok" else 200
    document = {"status": "degraded" if degraded else "healthy", "checks": checks}
    if health_page.wanted():
        return health_page.page(document, status)
    response = _json(document, status)
    response.headers["Vary"] = "Accept"
    return response


@blueprint.route("/health/live", methods=["GET"])
@access.public
@exempt
@blueprint.response(200)
@blueprint.doc(operationId="getLiveness")
def live() -> Response:
    """The process answers; touches nothing."""
    return _json({"status": "alive"})


@blueprint.route("/health/ready", methods=["GET"])
@access.public
@exempt
@blueprint.response(200)
@blueprint.alt_response(503, description="Draining, or the database is down.")
@blueprint.doc(operationId="getReadiness")
def ready() -> Response:
    """Send requests here: the database answers and the process is not shutting down."""
    if draining.is_set():
        return _json({"status": "draining"}, 503)
    if _database()["status"] != "ok":
        return _json({"status": "database_down"}, 503)
    return _json({"status": "ready"})


@blueprint.route("/metrics", methods=["GET"])
@access.public
@exempt
@blueprint.response(200, content_type="text/plain")
@blueprint.doc(operationId="getMetrics")
def prometheus() -> Response:
    """Prometheus metrics of all web workers, and of the queue, the outbox and the consumer."""
    outside = CollectorRegistry()
    outside.register(_Outside())
    body = generate_latest(metrics.registry()) + generate_latest(outside)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


class _Outside(Collector):
    """What lives in PostgreSQL and Redis, read when asked for. A server that is away leaves its metrics out."""

    def collect(self) -> Iterable[Any]:
        # A scrape without these series is what an alert on a server that is away looks for.
        with suppress(Unavailable):
            lag, dead, strays = read(
                lambda session: (outbox.lag(session), dead_letters.waiting(session), partitions.strays(session))
            )
            yield GaugeMetricFamily("oms_outbox_pending", "Events not published yet.", lag.pending)
            yield GaugeMetricFamily("oms_outbox_lag_seconds", "Age of the oldest unpublished event.", lag.seconds)
            yield GaugeMetricFamily("oms_outbox_refused", "Events a broker has refused.", lag.refused)
            yield GaugeMetricFamily("oms_dead_letters", "Messages set aside and not replayed.", dead)
            outside = GaugeMetricFamily(
                "oms_rows_outside_partitions", "Rows in DEFAULT partitions, up to 1000.", labels=["table"]
            )
            for table, count in strays.items():
                outside.add_metric([table], count)
            yield outside
            yield from _webhook_metrics()
            yield GaugeMetricFamily(
                "oms_import_idle_seconds", "Since the import that waits longest was worked on.", read(imports.idle)
            )
        with suppress(redis.RedisError):
            yield from _queue_metrics()


def _webhook_metrics() -> Iterable[GaugeMetricFamily]:
    found = read(backlog.backlog)
    yield GaugeMetricFamily("oms_webhook_waiting", "Webhooks to be delivered, up to 10000 of each.", found.waiting)
    yield GaugeMetricFamily(
        "oms_webhook_overdue_seconds", "Age of the oldest attempt that has not been made.", found.overdue_seconds
    )
    endpoints = GaugeMetricFamily("oms_webhook_endpoints", "Endpoints of webhooks.", labels=["status"])
    for status, count in found.endpoints.items():
        endpoints.add_metric([status], count)
    yield endpoints


def _queue_metrics() -> Iterable[GaugeMetricFamily]:
    depth = GaugeMetricFamily("oms_queue_jobs", "Jobs in the queues.", labels=["state"])
    for state, count in queues.depth().items():
        depth.add_metric([state], count)
    yield depth
    lag = GaugeMetricFamily("oms_consumer_lag", "Messages not consumed yet.", labels=["topic", "partition"])
    for (topic, partition), count in read_lag(redis_client()).items():
        lag.add_metric([topic, str(partition)], count)
    yield lag


def _database() -> dict[str, Any]:
    def select(session: Session) -> None:
        session.execute(text("SELECT 1"))

    try:
        read(select)
    except Unavailable:
        return {"status": "down"}
    return {"status": "ok"}


def _redis() -> dict[str, Any]:
    try:
        redis_client().ping()
    except redis.RedisError:
        return {"status": "down"}
    return {"status": "ok"}


def _kafka() -> dict[str, Any]:
    check: BrokerCheck = current_app.extensions["oms_broker_check"]
    return {"status": "ok" if check.up() else "down"}


def _outbox() -> dict[str, Any]:
    try:
        lag = read(outbox.lag)
    except Unavailable:
        return {"status": "unknown"}
    late = lag.seconds > OUTBOX_PATIENCE_SECONDS or lag.refused
    return {
        "status": "late" if late else "ok",
        "pending": lag.pending,
        "lag_seconds": round(lag.seconds, 3),
        "refused": lag.refused,
    }


def _json(document: Any, status: int = 200) -> Response:
    return Response(strict_json.write(document), status, content_type="application/json")


def bind_probes(app: Flask) -> None:
    """Give the probes their broker check; readiness turns 503 once `draining` is set (gunicorn.conf.py)."""
    app.register_blueprint(health_page.blueprint)
    app.extensions["oms_broker_check"] = BrokerCheck(app.config["OMS_SETTINGS"])
