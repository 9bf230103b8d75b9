"""Pages and parts of pages, made from templates."""

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from oms.console import access, forgery, formats, messages, navigation, static_files, statuses


def page(template: str, status: int = 200, **context: Any) -> Response:
    """A whole page, or a part of one where htmx asks for a part and the template is one."""
    return Response(render_template(f"console/{template}", **context), status, content_type="text/html; charset=utf-8")


def wants_part() -> bool:
    """Does a script of ours ask for a part of a page? Who goes back to a page with it gets all of it."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def go_to(endpoint: str, **values: Any) -> AnyResponse:
    """See another page now (303), whether a form or a script of ours asks."""
    return go_to_address(url_for(endpoint, **values))


def go_to_address(address: str) -> AnyResponse:
    """The same for an address of ours."""
    if wants_part():
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, 303)


# Known in every template, macros too.
FOR_TEMPLATES: dict[str, Any] = {
    "csrf_token": forgery.token,
    "present": access.present,
    "email": access.email,
    "messages": messages.waiting,
    "menu": navigation.entries,
    "static": static_files.address,
    "wants_part": wants_part,
    "money": formats.money,
    "quantity": formats.quantity,
    "moment": formats.moment,
    "ago": formats.ago,
    "duration": formats.duration,
    "words": formats.words,
    "tone": statuses.tone,
}
