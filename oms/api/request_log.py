"""Every request has an id, one line in the log and its place in the metrics."""

import re
import time

import structlog
from flask import Flask, Response, g, request

from oms.ids import new_id
from oms.observability import logs
from oms.observability.metrics import REQUEST_SECONDS, REQUESTS

_GIVEN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def bind_request_log(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _GIVEN.fullmatch(given) else new_id()
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    traceparent = request.headers.get("traceparent", "")
    if _TRACEPARENT.fullmatch(traceparent):
        structlog.contextvars.bind_contextvars(traceparent=traceparent)


def _end(response: Response) -> Response:
    if "began" not in g:
        return response
    seconds = time.perf_counter() - g.began
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in _METHODS else "other"
    REQUESTS.labels(method, route, response.status_code).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)
    response.headers.add("X-Request-ID", g.request_id)
    fields = {"order_id": order_id} if (order_id := (request.view_args or {}).get("order_id")) else {}
    quiet = route in _PROBES and response.status_code < 500
    logs.write_line(
        "debug" if quiet else "info",
        "request",
        request_id=g.request_id,
        method=method,
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000, 2),
        caller=g.actor.id if "actor" in g else None,
        **fields,
    )
    return response


# Asked every few seconds by machines.
_PROBES = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
