"""How paths are read: a trailing slash makes no difference and redirects nobody; a part is printable and short."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.routing import BaseConverter

from oms.orders.bodies import RESERVED_IDS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class PlainPart(BaseConverter):
    """A part of a path. Anything else names nothing we have (404), and a word that is a route of its own beside orders
    is not one of their ids."""

    regex = rf"(?!(?:{'|'.join(sorted(RESERVED_IDS))})(?:/|\Z))[^/\x00-\x1f\x7f]{{1,255}}"


def bind_paths(app: Flask) -> None:
    app.url_map.merge_slashes = False
    app.url_map.converters["default"] = PlainPart
    app.wsgi_app = _without_trailing_slash(app.wsgi_app)  # type: ignore[method-assign, assignment]  # Flask's way


def _without_trailing_slash(inner: "WSGIApplication") -> "WSGIApplication":
    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if len(path) > 1 and path.endswith("/"):
            environ["PATH_INFO"] = path.rstrip("/") or "/"
        return inner(environ, start_response)

    return call
