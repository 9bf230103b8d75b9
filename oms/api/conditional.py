"""`ETag`, `If-Match` and `If-None-Match`: an order's tag is its version."""

import re

from flask import Response, request

from oms.errors import Invalid
from oms.orders.order import etag

_TAG = re.compile(r'"([1-9][0-9]{0,9})"')


def expected_versions() -> list[int] | None:
    """The versions `If-Match` names; None without the header or with `*`. A foreign tag matches nothing.

    Raises `Invalid` invalid_if_match for a header that is not a list of entity tags.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    tags = [tag.strip() for tag in header.split(",")]
    if not all(re.fullmatch(r'(W/)?"[^"]*"', tag) for tag in tags):
        raise Invalid("If-Match must be * or entity tags in quotes.", code="invalid_if_match")
    return [int(match[1]) for tag in tags if (match := _TAG.fullmatch(tag))]


def tagged(body: bytes, version: int) -> Response:
    """200 with the tag, or 304 when the caller has this version already."""
    tag = etag(version)
    if tag in [given.strip().removeprefix("W/") for given in request.headers.get("If-None-Match", "").split(",")]:
        found = Response(status=304)
    else:
        found = Response(body, content_type="application/json")
    found.headers["ETag"] = tag
    found.headers["Cache-Control"] = "private, no-cache"
    found.headers["Vary"] = "Authorization, X-API-Key"
    return found
