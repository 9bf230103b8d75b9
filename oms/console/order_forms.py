"""Forms that change an order: in a dialog or on a page of their own, carried out once, and never over the change of
somebody else."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from flask import Response, request
from marshmallow import Schema, ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from oms import broken_rules
from oms.console import access, forgery, messages, timeline
from oms.console.order_page import found_order
from oms.console.pages import go_to, page
from oms.errors import Conflict, Forbidden, Invalid, OmsError, PreconditionFailed, Unavailable
from oms.idempotency import Answer, Claim
from oms.ids import new_id
from oms.orders import cache
from oms.orders.order import Order, Outcome
from oms.transactions import read, transaction
from oms.web.statuses import status_of

_KEY = re.compile(r"[0-9A-Z]{26}", re.ASCII)
Work = Callable[[Session, Sequence[int]], Outcome]


@dataclass(frozen=True, slots=True)
class OrderForm:
    """What a form is about: its template, the words above it and on its button, and what is said when it is done."""

    template: str
    title: str
    button: str
    done: str
    tone: str = ""


def show(form: OrderForm, order_id: str, **context: Any) -> Response:
    """The empty form, made for the order as it is now."""
    order = read(lambda session: found_order(session, order_id))
    return _page(form, order, {}, **context)


def submit(
    form: OrderForm, order_id: str, work: Work, then: Callable[[], object] | None = None, **context: Any
) -> AnyResponse:
    """Carry out what the form asks for and go back to the order; or show the form again with what stands against it.

    A form that is sent twice has one effect. One that was made for another version of the order changes nothing: it
    comes back with what has happened meanwhile. What comes `then` follows the commit, and may refuse as well.
    """
    try:
        carry_out(order_id, work)
        if then is not None:
            then()
    except PreconditionFailed as error:
        return _again(form, order_id, error, changed=True, **context)
    except (Unavailable, Forbidden):
        raise
    except Invalid as error:
        return _again(form, order_id, _sent_before() if error.code == "idempotency_key_reused" else error, **context)
    except OmsError as error:
        if error.code != "idempotency_in_progress":
            return _again(form, order_id, error, **context)
        messages.say("This is being carried out already.", "warning")
        return go_to("console.order", order_id=order_id)
    messages.say(form.done)
    return go_to("console.order", order_id=order_id)


def carry_out(order_id: str, work: Work) -> None:
    """`work` in one transaction, at most once for each time a form was shown."""
    claim = Claim(f"console:{access.actor().id}", sent_key(), _fingerprint())
    versions = [_version()]

    def once(session: Session) -> None:
        if claim.take(session) is None:
            outcome = work(session, versions)
            if outcome.applied:
                cache.announce(session, outcome.order)
            claim.keep(session, Answer(b"", 303))

    transaction(once)


def sent_key() -> str:
    """The key of the form that was sent; a fresh one where it has none of ours."""
    key = request.form.get("key", "")
    return key if _KEY.fullmatch(key) else new_id()


def loaded(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were filled in, as the API's own schema reads them; raises `Invalid` with what is wrong."""
    try:
        found: dict[str, Any] = schema.load({name: value for name, value in values.items() if value not in ("", None)})
    except ValidationError as error:
        rules = [rule["detail"] for rule in broken_rules.places(error.messages)]
        raise Invalid(" ".join(dict.fromkeys(rules)), code="invalid") from error
    return found


def units(prefix: str) -> list[tuple[int, str]]:
    """(line number, what was typed) of the fields `<prefix>-<line number>` that were filled in."""
    found = []
    for name, value in request.form.items():
        start, _, line_no = name.rpartition("-")
        if start == prefix and line_no.isdecimal() and value.strip() not in ("", "0"):
            found.append((int(line_no), value.strip()))
    return found


def _again(form: OrderForm, order_id: str, error: OmsError, *, changed: bool = False, **context: Any) -> Response:
    order, journey = read(lambda session: _with_journey(session, order_id))
    news = journey.after(_version()) if changed else []
    values = request.form.to_dict()
    return _page(form, order, values, status_of(error), problem=error.detail, news=news, changed=changed, **context)


def _sent_before() -> Conflict:
    return Conflict("This form has been sent before, and that is done. Send it again if you want this as well.")


def _with_journey(session: Session, order_id: str) -> tuple[Order, timeline.Journey]:
    order = found_order(session, order_id)
    return order, timeline.of_order(session, order)


def _page(form: OrderForm, order: Order, values: Mapping[str, str], status: int = 200, **context: Any) -> Response:
    settled = {"problem": "", "news": [], "changed": False, **context}
    return page(form.template, status, form=form, order=order, values=values, key=new_id(), **settled)


def _version() -> int:
    try:
        return int(request.form.get("version", ""))
    except ValueError as error:
        raise Invalid("The form says nothing about the order it is for.", code="version_missing") from error


def _fingerprint() -> bytes:
    sent = sorted((name, value) for name, value in request.form.items(multi=True) if name != forgery.FIELD)
    return blake2b(repr((request.path, sent)).encode(), digest_size=20).digest()
