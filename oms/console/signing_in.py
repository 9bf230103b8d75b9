"""Sign in and out."""

import re

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from oms.accounts import sign_in as signing
from oms.accounts import users
from oms.console import access, messages
from oms.console.blueprint import blueprint
from oms.console.pages import go_to, go_to_address, page
from oms.transactions import read, transaction
from oms.web import rate_limits

# A page of the console: nothing that a browser could take for another site.
_OURS = re.compile(r"/console(/[A-Za-z0-9._:/-]*)?(\?[^\\\s]*)?")


@blueprint.route("/sign-in", methods=["GET"])
@access.public
@access.counted
def sign_in_form() -> Response:
    """The form."""
    problem = "Your session has ended. Sign in to go on." if "ended" in request.args else ""
    return page("sign_in.html", problem=problem, address="")


@blueprint.route("/sign-in", methods=["POST"])
@access.public
@rate_limits.login_limits
def sign_in() -> AnyResponse:
    """Open a session. Who may not see the console is told the same as who doesn't know the password."""
    proven = signing.authenticate(request.form.get("username", ""), request.form.get("password", ""))
    grant = transaction(lambda session: signing.open_console_family(session, proven))
    account = read(lambda session: users.find(session, grant.user_id))
    response = go_to_address(_destination())
    access.remember(response, grant, account.email)
    return response


@blueprint.route("/sign-out", methods=["POST"])
@access.staff
def sign_out() -> AnyResponse:
    """End this session."""
    transaction(lambda session: signing.log_out(session, access.actor().session_id))
    messages.say("You are signed out.")
    response = go_to("console.sign_in_form")
    access.forget(response)
    return response


def _destination() -> str:
    wanted = request.form.get("next", "")
    return wanted if _OURS.fullmatch(wanted) and "//" not in wanted.partition("?")[0] else "/console"
