"""How the product speaks to a provider's HTTP API: bounded in time, size and repetitions, and never past redirects.

An answer is a yes (2xx and readable), a definite no (the provider's own documented error), or it settles nothing:
no answer, 5xx, 429, a proxy's error page, an answer of another shape. The last means `ProviderUnavailable`, since
whatever was asked for may have happened.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError
from urllib3.response import BaseHTTPResponse

from oms import strict_json
from oms.errors import OmsError
from oms.observability.metrics import PROVIDER_REQUESTS
from oms.providers.answers import Unexpected
from oms.providers.breaker import Breaker
from oms.providers.provider import ProviderRefused, ProviderUnavailable

T = TypeVar("T")
MAX_BYTES = 1024 * 1024
REPETITIONS = 2
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
# What a well-formed no comes with. 401 and 403 are our keys' fault and pass when somebody mends them, 409 means that
# the same request is under way.
DEFINITE = frozenset({400, 402, 404, 422})
OUR_KEYS = frozenset({401, 403})
BUSY = frozenset({429, 502, 503, 504})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `operation` names it in the metric and the log; a `repeatable` one may be sent twice unharmed."""

    operation: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = True


class _Doubtful(Exception):
    """Nothing is settled. `down` says whether the provider is in trouble, which the breaker counts."""

    def __init__(self, reason: str, *, down: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.down = down


class HttpClient:
    """A pool of connections to one provider, with its breaker. `reason_of` reads the provider's own error document:
    the reason for people, or None where the document is no definite no."""

    def __init__(
        self,
        provider: str,
        base_url: str,
        headers: Mapping[str, str],
        timeout_seconds: float,
        reason_of: Callable[[Any], str | None],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._provider = provider
        self._base_url = base_url
        self._headers = dict(headers)
        self._seconds = timeout_seconds
        self._reason_of = reason_of
        self._pause = pause
        self._breaker = Breaker(clock)
        self._pool = urllib3.PoolManager(
            maxsize=8,
            retries=False,
            timeout=urllib3.Timeout(connect=timeout_seconds, read=timeout_seconds),
            cert_reqs="CERT_REQUIRED",
        )

    def ask(self, call: Call, read: Callable[[dict[str, Any]], T]) -> T:
        """`read` of the answer's JSON object; raises `ProviderUnavailable` and `ProviderRefused`."""
        if not self._breaker.admits():
            self._count(call, "closed_off")
            raise _unavailable()
        try:
            found = self._settled(call, read)
        except _Doubtful as doubt:
            self._note(call, doubt)
            raise _unavailable() from doubt
        except ProviderRefused:
            self._breaker.succeeded()
            self._count(call, "refused")
            raise
        self._breaker.succeeded()
        self._count(call, "ok")
        return found

    def _settled(self, call: Call, read: Callable[[dict[str, Any]], T]) -> T:
        status, body = self._answered(call)
        try:
            document = strict_json.read(body)
            if 200 <= status < 300 and isinstance(document, dict):
                return read(document)
        except (OmsError, Unexpected) as error:
            raise _Doubtful(f"{status}, unreadable", down=status >= 500) from error
        reason = self._reason_of(document) if status in DEFINITE else None
        if reason is None:
            raise _Doubtful(str(status), down=status >= 500 or status == 429)
        raise ProviderRefused(reason)

    def _answered(self, call: Call) -> tuple[int, bytes]:
        """Status and body, after a few quick repetitions where they do no harm."""
        repetitions = REPETITIONS if call.repeatable else 0
        for turn in range(repetitions + 1):
            pause = FIRST_PAUSE_SECONDS * 2**turn
            try:
                response = self._send(call)
                with response:
                    pause = _asked_pause(response, pause)
                    if response.status not in BUSY or turn == repetitions or pause > LONGEST_PAUSE_SECONDS:
                        return response.status, _bounded(response, self._seconds)
            except (NewConnectionError, ProtocolError) as error:
                if turn == repetitions:
                    raise _Doubtful(type(error).__name__, down=True) from error
            except HTTPError as error:
                # A provider that was too slow once would be too slow again, and a request waits for us.
                raise _Doubtful(type(error).__name__, down=True) from error
            self._pause(pause)
        raise AssertionError("the last turn returns or raises")

    def _send(self, call: Call) -> BaseHTTPResponse:
        query = f"?{urlencode(call.query)}" if call.query else ""
        return self._pool.urlopen(
            call.method,
            f"{self._base_url}{call.path}{query}",
            body=call.body,
            headers={**self._headers, **call.headers},
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _note(self, call: Call, doubt: _Doubtful) -> None:
        self._count(call, "unavailable")
        if doubt.reason in {str(status) for status in OUR_KEYS}:
            _log.error("provider_rejects_our_keys", provider=self._provider, operation=call.operation)
        else:
            _log.warning("provider_unavailable", provider=self._provider, operation=call.operation, reason=doubt.reason)
        if not doubt.down:
            self._breaker.succeeded()
        elif self._breaker.failed():
            _log.error("provider_closed_off", provider=self._provider)

    def _count(self, call: Call, outcome: str) -> None:
        PROVIDER_REQUESTS.labels(self._provider, call.operation, outcome).inc()


def _bounded(response: BaseHTTPResponse, seconds: float) -> bytes:
    """The whole body. A read's timeout starts anew with every packet, so a trickle needs a limit of its own."""
    deadline, parts, size = time.monotonic() + seconds, [], 0
    while part := response.read1(64 * 1024):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise _Doubtful("too large", down=False)
        if time.monotonic() > deadline:
            raise _Doubtful("too slow", down=True)
    return b"".join(parts)


def _asked_pause(response: BaseHTTPResponse, otherwise: float) -> float:
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else otherwise


def _unavailable() -> ProviderUnavailable:
    return ProviderUnavailable("The payment provider gave no answer that settles it. Try again in a moment.")
