"""Every request has an id, one line in the log and its place in the metrics."""

import functools
import math
import re
import time
from typing import Any

import structlog
from flask import Flask, Response, g, has_request_context, request
from flask.globals import request_ctx

from oms import audit
from oms.ids import new_id
from oms.observability import logs
from oms.observability.metrics import REQUEST_SECONDS, REQUESTS

_GIVEN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def bind_request_log(app: Flask) -> None:
    app.before_request(_begin)
    slow_seconds = app.config["OMS_SETTINGS"].slow_request_ms / 1000 or math.inf
    app.after_request(functools.partial(_end, slow_seconds))
    audit.bind_addresses(app, lambda: request.remote_addr if has_request_context() else None)


# Each look through Flask's `g` and `request` finds the object of this thread anew; here it is found once.
def _begin() -> None:
    kept, headers = g._get_current_object(), request.headers
    given = headers.get("X-Request-ID", "")
    kept.request_id = given if _GIVEN.fullmatch(given) else new_id()
    kept.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=kept.request_id)
    traceparent = headers.get("traceparent", "")
    if _TRACEPARENT.fullmatch(traceparent):
        structlog.contextvars.bind_contextvars(traceparent=traceparent)


def _end(slow_seconds: float, response: Response) -> Response:
    kept, asked = g._get_current_object(), request_ctx.request
    if "began" not in kept:
        return response
    seconds = time.perf_counter() - kept.began
    route = asked.url_rule.rule if asked.url_rule else "unmatched"
    method = asked.method if asked.method in _METHODS else "other"
    REQUESTS.labels(method, route, response.status_code).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)
    response.headers.add("X-Request-ID", kept.request_id)
    fields: dict[str, Any] = {
        "request_id": kept.request_id,
        "method": method,
        "route": route,
        "status": response.status_code,
        "ms": round(seconds * 1000, 2),
        "caller": kept.actor.id if "actor" in kept else None,
    }
    if order_id := (asked.view_args or {}).get("order_id"):
        fields["order_id"] = order_id
    quiet = route in _PROBES and response.status_code < 500
    logs.write_line("debug" if quiet else "info", "request", **fields)
    if seconds >= slow_seconds:
        logs.write_line("warning", "slow_request", **fields)
    return response


# Asked every few seconds by machines.
_PROBES = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
