"""Where `/console` leads."""

from werkzeug.wrappers import Response

from oms.console import access
from oms.console.blueprint import blueprint
from oms.console.pages import go_to


@blueprint.route("", methods=["GET"])
@access.staff
def home() -> Response:
    """The page people begin with."""
    return go_to("console.orders")
