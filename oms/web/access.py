"""Who may call what. Every route declares its policy; a route without one is refused, and a test finds it first.

A request is identified by its own bytes (signature, no I/O), then counted by the rate limiter, then admitted: three
steps in this order, so that the session look-up can share the limiter's round trip to Redis. Where a credential is
looked for is part of the policy: the API takes headers and never a cookie, the console its cookie and no header.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from flask.globals import request_ctx

from oms.accounts import credentials, sessions, users
from oms.accounts.actor import Actor
from oms.accounts.credentials import Credential
from oms.errors import Forbidden, OmsError, Unauthenticated
from oms.redis_guard import attempt
from oms.transactions import transaction

View = TypeVar("View", bound=Callable[..., Any])


def in_the_headers() -> Credential | None:
    """What the API's callers show; raises `Unauthenticated` or `Unavailable`."""
    return credentials.identify(request.headers.get("Authorization"), request.headers.get("X-API-Key"))


@dataclass(frozen=True, slots=True)
class Policy:
    """`kinds` of people who may come in; `scope` an API key needs ("" admits every key, None admits none); `shown`
    looks for the credential."""

    name: str
    kinds: frozenset[str]
    scope: str | None = None
    shown: Callable[[], Credential | None] = in_the_headers

    def admit(self, actor: Actor) -> None:
        if actor.kind == "api_key":
            if self.scope is None or (self.scope and self.scope not in actor.scopes):
                raise Forbidden(_missing_scope(self.scope), code="scope_missing")
        elif actor.kind not in self.kinds:
            raise Forbidden("Your role may not do this.", code="role_missing")


def _missing_scope(scope: str | None) -> str:
    return f"The API key lacks the scope {scope}." if scope else "API keys may not do this."


PUBLIC = Policy("public", frozenset(), "")


def declare(policy: Policy) -> Callable[[View], View]:
    """A decorator that states the policy of a view."""

    def decorate(view: View) -> View:
        view.access = policy  # type: ignore[attr-defined]  # read by `policy_of`
        return view

    return decorate


def prefetch(keys: Callable[[], list[str]]) -> Callable[[View], View]:
    """Redis keys the view will want; they ride on the round trip that every request makes anyway."""

    def decorate(view: View) -> View:
        view.prefetch = keys  # type: ignore[attr-defined]  # read by `prefetch_keys`
        return view

    return decorate


def actor() -> Actor:
    """Who is calling; only in views that are not public."""
    found: Actor = g.actor
    return found


def credential() -> Credential:
    """What the caller showed; only in views that are not public."""
    found: Credential = g.credential
    return found


def policy_of(view: Any) -> Policy | None:
    """What a view has declared; None for no view."""
    found: Policy | None = getattr(view, "access", None)
    return found


def caller_key() -> str:
    """Names the caller; only in views that are not public."""
    return f"{credential().kind}:{credential().subject}"


def counted_as() -> str:
    """Whom the rate limiter counts: the caller if he showed something genuine, else his address.

    An API key's secret is not checked yet when this is asked; so a key with a wrong secret is somebody else.
    """
    found: Credential | None = g.get("credential")
    if found is None:
        return f"address:{request.remote_addr}"
    return f"{found.kind}:{found.subject}:{found.proof or ''}"


def identify() -> None:
    """Step one: check what was shown by its own bytes. A refusal waits until the request has been counted."""
    kept, asked = g._get_current_object(), request_ctx.request
    kept.credential = kept.refusal = None
    kept.view = view = current_app.view_functions.get(asked.endpoint or "")
    policy = policy_of(view)
    if policy is None or policy is PUBLIC or asked.method == "OPTIONS":
        return
    try:
        kept.credential = policy.shown()
    except OmsError as error:
        kept.refusal = error


def prefetch_keys() -> list[str]:
    """What the limiter's round trip should bring along: the session, and what the view asked for."""
    kept = g._get_current_object()
    if kept.credential is None:
        return []
    wanted = getattr(kept.view, "prefetch", None)
    return [sessions.cache_key(kept.credential), *(wanted() if wanted else [])]


def prefetched(key: str) -> bytes | None:
    """The bytes of one prefetched key; None when absent or when Redis is away."""
    found: dict[str, bytes | None] = g.get("prefetched") or {}
    return found.get(key)


def admit() -> None:
    """Step three: let in, or raise 401 or 403."""
    kept, asked = g._get_current_object(), request_ctx.request
    policy = policy_of(kept.view)
    if policy is PUBLIC or asked.method == "OPTIONS" or asked.endpoint is None:
        return
    if policy is None:
        raise Forbidden("This route has no access policy.", code="no_policy")
    if kept.refusal is not None:
        raise kept.refusal
    if kept.credential is None:
        raise Unauthenticated("Send a bearer token or an API key.", code="credentials_missing")
    if kept.get("prefetched") is None:
        _fetch()
    kept.actor = _resolve(kept.credential)
    policy.admit(kept.actor)


def _resolve(shown: Credential) -> Actor:
    try:
        return sessions.resolve(shown, prefetched(sessions.cache_key(shown)))
    except sessions.FirstUse:
        transaction(lambda session: users.admit(session, shown))
        return sessions.resolve(shown, None)


def re_admit(shown: Callable[[], Credential | None]) -> Callable[[], Actor]:
    """For answers that go on for long: admits the caller of this request anew, by what `shown` reads of it again.

    The function raises as `admit` does, and `Unavailable`; it needs no request any more.
    """
    policy = policy_of(g.view)

    def again() -> Actor:
        credential = shown()
        if credential is None or policy is None:
            raise Unauthenticated("Send a bearer token or an API key.", code="credentials_missing")
        key = sessions.cache_key(credential)
        copy: Any = attempt("session", lambda client: client.get(key))
        actor = sessions.resolve(credential, copy)
        policy.admit(actor)
        return actor

    return again


def _fetch() -> None:
    """The limiter made no round trip (it counts in this process while Redis is away): ask once ourselves."""
    keys = prefetch_keys()
    values = attempt("session", lambda client: client.mget(keys))
    g.prefetched = dict(zip(keys, values, strict=True)) if values is not None else None


def bind_access(app: Flask, count: Callable[[Flask], None]) -> None:
    """Register the three steps in their order; `count` binds the rate limiter."""
    app.before_request(identify)
    count(app)
    app.before_request(admit)
