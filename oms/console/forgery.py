"""Forms of other sites are refused: every POST repeats a token that only our own pages could have told the browser.

The token is a digest of a cookie that no script can read: the session's, or before there is one, a random one that
comes with the form to sign in.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable

from flask import Response, g, request

from oms.console.access import COOKIE, set_cookie
from oms.console.blueprint import blueprint
from oms.errors import Forbidden
from oms.web.access import View

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
FORM_COOKIE = "oms_console_form"
_OWN_SITE = ("same-origin", "none")


def token() -> str:
    """What the forms of this answer have to send back."""
    return _digest(_secret() or _new_secret())


def takes_files(most_bytes: Callable[[], int]) -> Callable[[View], View]:
    """A view whose forms may be larger than others: files come with the token, and are read to find it."""

    def decorate(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]  # read below
        return view

    return decorate


@blueprint.before_request
def _refuse_forgeries() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if most_bytes := getattr(g.view, "most_bytes", None):
        request.allow(most_bytes())  # type: ignore[attr-defined]  # body_limit.BoundedRequest
    secret = _secret()
    sent = request.headers.get(HEADER) or request.form.get(FIELD, "")
    genuine = secret is not None and hmac.compare_digest(sent.encode(), _digest(secret).encode())
    if not genuine or request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITE:
        raise Forbidden("This form has expired. Open the page again and repeat what you did.", code="form_expired")


@blueprint.after_request
def _hand_out(response: Response) -> Response:
    if "form_secret" in g:
        set_cookie(response, FORM_COOKIE, g.form_secret, "Strict")
    return response


def _secret() -> str | None:
    return request.cookies.get(COOKIE if "actor" in g else FORM_COOKIE)


def _new_secret() -> str:
    if "form_secret" not in g:
        g.form_secret = secrets.token_urlsafe(32)
    return str(g.form_secret)


def _digest(secret: str) -> str:
    return hashlib.sha256(f"console form\0{secret}".encode()).hexdigest()
