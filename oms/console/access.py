"""Who may see a page, and the cookie that says who somebody is.

A session of the console is a token family, so whatever ends those (signing out, a new password or role, a disabled
account) ends it with the next request. The cookie holds its one token; the API does not take that, and the console
takes nothing else.
"""

from collections.abc import Callable
from typing import Any

from flask import g, request
from werkzeug.wrappers import Response

from oms.accounts import sign_in, tokens
from oms.accounts.actor import Actor
from oms.accounts.credentials import Credential
from oms.accounts.tokens import Grant
from oms.console.blueprint import blueprint
from oms.extensions import settings
from oms.transactions import one_statement
from oms.web import rate_limits
from oms.web.access import PUBLIC, Policy, View, actor, declare

__all__ = ["actor", "admin", "public", "staff"]

COOKIE = "oms_console"
PATH = "/console"
# What a page asks for by itself, at intervals, is no sign of life.
POLL_HEADER = "Console-Poll"


def in_the_cookie() -> Credential | None:
    """Raises `Unauthenticated` for a cookie that is not, or no longer, ours."""
    return shown_by(request.cookies.get(COOKIE))


def shown_by(cookie: str | None) -> Credential | None:
    """The same for what the cookie holds; needs no request."""
    if cookie is None:
        return None
    claims = tokens.verify(cookie, "console")
    return Credential("token", claims.family_id, claims.user_id)


def _declare(policy: Policy) -> Callable[[Any], Any]:
    def decorate(view: Any) -> Any:
        return declare(policy)(counted(view))

    return decorate


counted = rate_limits.at_rate(lambda: settings().console_rate_limit)
public = declare(PUBLIC)
staff = _declare(Policy("console_staff", frozenset({"staff", "admin"}), shown=in_the_cookie))
admin = _declare(Policy("console_admin", frozenset({"admin"}), shown=in_the_cookie))


def no_sign_of_life(view: View) -> View:
    """A view that pages ask for by themselves, where no header can say so."""
    view.no_sign_of_life = True  # type: ignore[attr-defined]  # read below
    return view


@blueprint.before_request
def _keep_alive() -> None:
    if "actor" in g and POLL_HEADER not in request.headers and not hasattr(g.view, "no_sign_of_life"):
        family_id: Any = actor().session_id
        one_statement(lambda connection: sign_in.prolong(connection, family_id), repeatable=True)


def present() -> Actor | None:
    """Who is signed in; None on public pages, and on those of errors that came before that was known."""
    found: Actor | None = g.get("actor")
    return found


def email() -> str:
    """The address of who is signed in, as it was when he did so."""
    return str(tokens.unverified_segment(request.cookies[COOKIE], 1).get("email") or "")


def remember(response: Response, grant: Grant, address: str | None) -> None:
    """Hand out the cookie of a session that was opened. The browser forgets it when it is closed."""
    set_cookie(response, COOKIE, tokens.issue_console(grant, address), "Lax")


def forget(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path=PATH, secure=request.is_secure, httponly=True, samesite="Lax")


def set_cookie(response: Response, name: str, value: str, same_site: str) -> None:
    """A cookie no script can read, for the console's paths only, and over TLS only where there is TLS."""
    response.set_cookie(name, value, path=PATH, secure=request.is_secure, httponly=True, samesite=same_site)
