"""The blueprint of all pages, and what every answer of theirs carries."""

from flask import Blueprint, Response

blueprint = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")
# Scripts and styles come from files of ours and from nowhere else: nothing in a page's text is ever run.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    # A page shows what only its reader may see, and the same address gives whole pages and parts of them.
    response.headers.setdefault("Cache-Control", "no-store")
    return response
