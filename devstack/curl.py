"""Requests to the API, each printed as the curl line that does the same, with its answer below."""

import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import orjson

LONGEST_PAUSE = 61  # seconds; the limits are per minute


class UnreachableError(Exception):
    """Nothing answers at the address of the API."""


@dataclass(frozen=True)
class Answer:
    """A status and the JSON that came with it, amounts as `Decimal`; None where there was no JSON."""

    status: int
    body: Any


class Api:
    """The API at one address, for one caller."""

    def __init__(self, address: str, token: str = "", token_name: str = "") -> None:
        """`token_name` is the shell variable that stands for the token in the printed lines."""
        self._address = address
        self._token = token
        self._token_name = token_name
        # The API runs on this machine, whatever proxy the environment names.
        self._opener = build_opener(ProxyHandler({}))

    def as_caller(self, token: str, token_name: str) -> "Api":
        """The same API for somebody else."""
        return Api(self._address, token, token_name)

    def call(
        self, method: str, path: str, body: object = None, form: Mapping[str, str] | None = None, *, quiet: bool = False
    ) -> Answer:
        """Send a JSON body or a form, wait when told to slow down, print both sides unless `quiet`.

        Raises UnreachableError when nothing answers.
        """
        if not quiet:
            print("$ " + self._curl_line(method, path, body, form))
        answer = self._send(method, path, body, form)
        if not quiet:
            print(f"HTTP {answer.status}")
            print("" if answer.body is None else _written(answer.body, orjson.OPT_INDENT_2) + "\n", flush=True)
        return answer

    def _send(self, method: str, path: str, body: object, form: Mapping[str, str] | None) -> Answer:
        data, headers = None, {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if form is not None:
            data, headers["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif body is not None:
            data, headers["Content-Type"] = _written(body).encode(), "application/json"
        request = Request(self._address + path, data, headers, method=method)  # noqa: S310 - our own http address
        while True:
            try:
                with self._opener.open(request, timeout=30) as response:
                    return Answer(response.status, _json(response.read()))
            except HTTPError as refusal:
                if refusal.code != 429:
                    return Answer(refusal.code, _json(refusal.read()))
                pause = min(int(refusal.headers.get("Retry-After") or 1), LONGEST_PAUSE)
                print(f"(rate limit: waiting {pause} s, as Retry-After says)", flush=True)
                time.sleep(pause)
            except (URLError, OSError, HTTPException) as error:
                raise UnreachableError(f"nothing answers at {self._address}: {error}") from error

    def _curl_line(self, method: str, path: str, body: object, form: Mapping[str, str] | None) -> str:
        parts = ["curl"] if method == "GET" else ["curl", "-X", method]
        parts.append(f'"{self._address}{path}"')
        if self._token:
            parts.append(f'-H "Authorization: Bearer ${self._token_name}"')
        if body is not None:
            parts += ['-H "Content-Type: application/json"', f"-d {shlex.quote(_written(body))}"]
        shown = {name: "..." if name == "password" else value for name, value in (form or {}).items()}
        parts += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in shown.items()]
        return " ".join(parts)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data, parse_float=Decimal) if data else None
    except ValueError:
        return data.decode(errors="replace")


def _written(document: object, option: int = 0) -> str:
    """JSON in which an amount has the digits it came with: 45.00, not 45.0."""
    return orjson.dumps(document, default=_digits, option=option).decode()


def _digits(amount: object) -> orjson.Fragment:
    if not isinstance(amount, Decimal):
        raise TypeError(f"{type(amount).__name__} is not JSON")
    return orjson.Fragment(f"{amount:f}".encode())
