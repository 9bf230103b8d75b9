"""Errors as RFC 9457 problem documents."""

import http
from typing import Any

import structlog
from flask import Flask, Response, g, request
from flask_limiter import RateLimitExceeded
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException, InternalServerError

from oms import errors, strict_json
from oms.api.openapi import PROBLEM, refused
from oms.web import rate_limits
from oms.web.statuses import status_of

_log = structlog.get_logger(__name__)


def bind_error_responses(app: Flask) -> None:
    app.register_error_handler(errors.OmsError, _refusal)
    app.register_error_handler(RateLimitExceeded, lambda _: _refusal(rate_limits.exceeded()))
    app.register_error_handler(ValidationError, lambda error: _refusal(refused(error)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def problem(status: int, code: str, detail: str, **members: Any) -> Response:
    """A problem document; `members` are added as they are."""
    body = {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "message": detail,
        "errors": [],
        "request_id": g.get("request_id"),
        **members,
    }
    return Response(strict_json.write(body), status, content_type=PROBLEM)


def _refusal(error: errors.OmsError) -> Response:
    status = int(error.extra.pop("status", status_of(error)))
    response = problem(status, error.code, error.detail, errors=error.errors, **error.extra)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="oms"' + (
            "" if error.code == "credentials_missing" else ', error="invalid_token"'
        )
    if "retry_after" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after"])
    if "etag" in error.extra:
        response.headers["ETag"] = str(error.extra["etag"])
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code = http.HTTPStatus(status).name.lower()
    response = problem(status, code, error.description or http.HTTPStatus(status).phrase)
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _bug(error: Exception) -> Response:
    """What nobody foresaw: the log has all of it, the caller gets the id to quote."""
    _log.exception("unexpected_error", error=type(error).__name__)
    return _http(InternalServerError("Something went wrong on our side."))
