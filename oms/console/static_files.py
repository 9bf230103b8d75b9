"""Styles and scripts. Their address has a digest of their bytes in it, so browsers keep them for ever."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Response, send_from_directory, url_for

from oms.console import access
from oms.console.blueprint import blueprint
from oms.errors import NotFound
from oms.web.rate_limits import exempt

FOLDER = Path(__file__).parent / "static"
SERVED = (".css", ".js", ".svg")


@blueprint.route("/static/<digest>/<name>", methods=["GET"])
@access.public
@exempt
def static_file(digest: str, name: str) -> Response:
    """A file; one whose bytes are others by now is not found."""
    if digest != digests().get(name):
        raise NotFound("There is no such file.")
    response = send_from_directory(FOLDER, name, max_age=365 * 24 * 3600)
    response.cache_control.immutable = True
    return response


def address(name: str) -> str:
    """Where a file is; raises KeyError for one we don't have."""
    return url_for("console.static_file", digest=digests()[name], name=name)


@cache
def digests() -> dict[str, str]:
    """The digest of every file that is served, by its name."""
    files = (path for path in FOLDER.iterdir() if path.suffix in SERVED)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files}
