"""`Idempotency-Key` on HTTP: every change goes through `commit`."""

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from flask import Response, request
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from oms import strict_json
from oms.api import access, read_your_writes
from oms.errors import Conflict, Invalid
from oms.idempotency import Answer, Claim
from oms.transactions import one_statement, read, transaction

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def commit(work: Callable[[Session], Answer], body: Any = None) -> Response:
    """`run`, and its answer as a response."""
    return response(run(work, body))


def run(work: Callable[[Session], Answer], body: Any = None) -> Answer:
    """Run one change in one transaction, at most once per key; `body` is the request's body as it was parsed.

    Raises `Invalid` (invalid_idempotency_key, idempotency_key_reused) or `Conflict` idempotency_in_progress.
    """
    key = _key()
    if key is None:
        return _done(transaction(work))
    claim = Claim(access.caller_key(), key, _fingerprint(body))

    def once(session: Session) -> Answer:
        stored = claim.take(session)
        if stored is not None:
            return stored
        answer = work(session)
        claim.keep(session, answer)
        return answer

    return _done(transaction(once))


def run_as_one(work: Callable[[Connection, Claim | None], Answer], body: Any) -> Answer:
    """The same for a change that is one statement, which also stores the answer under the claim it is given.

    Of two requests with one key the later waits until the earlier is committed, and gets its answer.
    """
    key = _key()
    claim = None if key is None else Claim(access.caller_key(), key, _fingerprint(body))
    try:
        return _done(one_statement(lambda connection: work(connection, claim), repeatable=claim is not None))
    except Conflict:
        stored = read(claim.stored) if claim is not None else None
        if stored is None:
            raise
        return _done(stored)


def _done(answer: Answer) -> Answer:
    read_your_writes.remember_write()
    return answer


def response(answer: Answer) -> Response:
    found = Response(answer.body, answer.status, content_type="application/json")
    if answer.location:
        found.headers["Location"] = answer.location
    if answer.etag:
        found.headers["ETag"] = answer.etag
    if answer.replayed:
        found.headers["Idempotency-Replayed"] = "true"
    return found


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid("Idempotency-Key must be 1 to 255 visible ASCII characters.", code="invalid_idempotency_key")
    return key


def _fingerprint(body: Any) -> bytes:
    """Method, path and body, whatever the white space and the order of the keys."""
    digest = blake2b(f"{request.method} {request.full_path}\n".encode(), digest_size=20)
    digest.update(strict_json.canonical(body))
    return digest.digest()
