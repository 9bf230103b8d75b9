"""Where `/console` leads."""

from flask import Response

from oms.console import access
from oms.console.blueprint import blueprint
from oms.console.pages import page


@blueprint.route("", methods=["GET"])
@access.staff
def home() -> Response:
    """The page people begin with."""
    return page("home.html")
