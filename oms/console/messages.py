"""What the next page says about the change that led to it: a cookie that is shown once."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal

import orjson
from flask import Response, g, request

from oms.console.access import PATH, set_cookie
from oms.console.blueprint import blueprint

COOKIE = "oms_console_said"
# Tones have a sign and a word beside their colour.
Tone = Literal["success", "warning", "danger"]
_TONES = ("success", "warning", "danger")
_LONGEST = 1000


def say(text: str, tone: Tone = "success") -> None:
    """Say it on the page that follows, or on this one if none does."""
    g.setdefault("said", []).append((tone, text[:_LONGEST]))


def waiting() -> list[tuple[str, str]]:
    """Pairs of tone and text that this page shows."""
    found = [*_brought(), *g.pop("said", [])]
    g.said_is_shown = True
    return found


@blueprint.after_request
def _carry_on(response: Response) -> Response:
    said = g.get("said")
    if said:
        set_cookie(response, COOKIE, urlsafe_b64encode(orjson.dumps(said)).decode(), "Lax")
    elif "said_is_shown" in g and COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path=PATH)
    return response


def _brought() -> list[tuple[str, str]]:
    try:
        found = orjson.loads(urlsafe_b64decode(request.cookies.get(COOKIE, "") or b"W10="))
        return [(tone, str(text)) for tone, text in found if tone in _TONES]
    except (binascii.Error, ValueError, TypeError):
        return []
