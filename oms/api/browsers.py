"""What browsers are told: which origins may call (an allow-list, never `*`), and headers that keep answers in place."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from oms.extensions import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_REQUEST_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-API-Key, X-Request-ID, traceparent"
)
_EXPOSED = (
    "ETag, Idempotency-Replayed, Link, Location, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, "
    "RateLimit-Reset, Retry-After, X-Request-ID"
)
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
)
_POLICY = "Content-Security-Policy"
# An answer that is not a page loads nothing and runs nothing, whatever a browser takes it for.
_NOTHING = (_POLICY, "default-src 'none'; frame-ancestors 'none'")
_TLS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def bind_browser_headers(app: Flask) -> None:
    app.wsgi_app = _with_headers(app.wsgi_app)  # type: ignore[method-assign, assignment]  # Flask's way
    if app.config["OMS_SETTINGS"].cors_origins:
        app.after_request(_share)


def _with_headers(inner: "WSGIApplication") -> "WSGIApplication":
    """Around all of Flask: the same few headers are added to each answer as they are."""

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            headers.extend(_ALWAYS)
            if not any(name == _POLICY for name, _ in headers):
                headers.append(_NOTHING)
            if environ["wsgi.url_scheme"] == "https":
                headers.append(_TLS)
            return start_response(status, headers, error)

        return inner(environ, start)

    return call


def _share(response: Response) -> Response:
    """Answers for other origins, where some are listed."""
    origin = request.headers.get("Origin")
    if origin is not None:
        response.headers.add("Vary", "Origin")
        if origin in settings().cors_origins:
            _allow(response, origin)
    return response


def _allow(response: Response, origin: str) -> None:
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
        response.headers["Access-Control-Max-Age"] = "600"
