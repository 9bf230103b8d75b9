"""Refusals and failures as pages; to a script of ours as a message in the page that is already there."""

import http
from urllib.parse import urlsplit

import structlog
from flask import Response, request, url_for
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from oms.console import access
from oms.console.blueprint import blueprint
from oms.console.pages import go_to, go_to_address, page, wants_part
from oms.errors import NotFound, OmsError, Unauthenticated
from oms.web import rate_limits
from oms.web.statuses import status_of

_log = structlog.get_logger(__name__)
SIGN_IN = "console.sign_in"
FORM = "console.sign_in_form"
# For every reason why somebody may not sign in.
WRONG = "The e-mail address or the password is wrong."


@blueprint.route("/<path:rest>", methods=["GET"])
@access.staff
def nothing_here(rest: str) -> Response:
    """Any other address of the console."""
    raise NotFound(f"There is no page /console/{rest}.")


@blueprint.errorhandler(OmsError)
def refusal(error: OmsError) -> AnyResponse:
    """The page of a refusal; who is not signed in is asked to do so, and comes back."""
    if isinstance(error, Unauthenticated) and request.endpoint != SIGN_IN:
        return _ask_to_sign_in(error)
    response = _shown(status_of(error), WRONG if isinstance(error, Unauthenticated) else error.detail)
    if "retry_after" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after"])
    return response


@blueprint.errorhandler(RateLimitExceeded)
def too_many(_: RateLimitExceeded) -> AnyResponse:
    return refusal(rate_limits.exceeded())


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    return _shown(error.code, error.description or "")


@blueprint.errorhandler(Exception)
def bug(error: Exception) -> AnyResponse:
    """What nobody foresaw: the log has all of it, the page the id to quote."""
    _log.exception("unexpected_error", error=type(error).__name__)
    return _shown(500, "Something went wrong on our side. It has been logged.")


def _shown(status: int, detail: str) -> Response:
    # A form that is too large can't be shown again: it has not been read.
    if request.endpoint == SIGN_IN and status != http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return page("sign_in.html", status, problem=detail, address=request.form.get("username", ""))
    if wants_part():
        response = page("problem.html", status, detail=detail)
        place = "#form-problem" if request.headers.get("HX-Target") == "form" else "#messages"
        response.headers.update({"HX-Retarget": place, "HX-Reswap": "innerHTML"})
        return response
    return page("error.html", status, title=http.HTTPStatus(status).phrase, detail=detail)


def _ask_to_sign_in(error: Unauthenticated) -> AnyResponse:
    """With the way back to the page that was asked for, or to the one a script or a form was on."""
    back = request.full_path.rstrip("?") if request.method == "GET" and not wants_part() else _current_page()
    ended = None if error.code == "credentials_missing" else "1"
    if back in ("", url_for("console.home")):
        return go_to(FORM, ended=ended)
    return go_to_address(url_for(FORM, next=back, ended=ended))


def _current_page() -> str:
    found = urlsplit(request.headers.get("HX-Current-URL", ""))
    return f"{found.path}?{found.query}".rstrip("?") if found.path.startswith("/console") else ""
