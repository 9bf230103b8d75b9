"""The page of an order: everything about it, and what may come next."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from flask import Response
from sqlalchemy.orm import Session

from oms import outbox
from oms.console import access, timeline
from oms.console.blueprint import blueprint
from oms.console.order_view import lines_of, next_steps, refunds_by_id, sums_of, text_of_address
from oms.console.pages import page
from oms.console.statuses import late_by
from oms.errors import NotFound
from oms.ids import ORDER_ID
from oms.orders import balance, invoice_pdf, invoices, lifecycle, store
from oms.orders.order import Order
from oms.transactions import read

MOST_EVENTS = 50


@dataclass(frozen=True, slots=True)
class Known:
    """All that the page shows."""

    order: Order
    journey: timeline.Journey
    events: list[outbox.Recorded]
    documents: list[dict[str, Any]]


@blueprint.route("/orders/<order_id>", methods=["GET"])
@access.staff
def order(order_id: str) -> Response:
    """The order's page."""
    known = read(lambda session: _known(session, order_id))
    found = known.order
    return page(
        "order.html",
        order=found,
        journey=known.journey,
        events=known.events,
        documents=known.documents,
        lines=lines_of(found),
        items=_free_form(found.document),
        sums=sums_of(found),
        payment_state=balance.payment_state(found),
        held=balance.held(found),
        refunds=refunds_by_id(found),
        next_steps=next_steps(found),
        can_cancel=_can_cancel(found),
        address=text_of_address(found.address),
        metadata=_free_form(found.metadata),
        late=late_by(found),
        standing=known.journey.standing_for(datetime.now(UTC)),
    )


@blueprint.route("/orders/<order_id>/documents/<number>", methods=["GET"])
@access.staff
def document(order_id: str, number: str) -> Response:
    """An invoice or a credit note as PDF."""
    written = read(lambda session: invoices.one_of_order(session, order_id, number, None))
    content = json.loads(written, parse_float=Decimal)
    headers = {"Content-Disposition": f'inline; filename="{content["number"]}.pdf"'}
    return Response(invoice_pdf.render(content), content_type="application/pdf", headers=headers)


def found_order(session: Session, order_id: str) -> Order:
    """Raises `NotFound` order_not_found."""
    known = store.get(session, order_id, None) if ORDER_ID.fullmatch(order_id) else None
    if known is None:
        raise NotFound("There is no such order.", code="order_not_found")
    return known


def _known(session: Session, order_id: str) -> Known:
    order = found_order(session, order_id)
    written = invoices.of_order(session, order_id, None)
    return Known(
        order,
        timeline.of_order(session, order),
        outbox.of_order(session, order_id, MOST_EVENTS),
        [json.loads(text, parse_float=Decimal) for text in written],
    )


def _can_cancel(order: Order) -> bool:
    return lifecycle.CANCELLED in lifecycle.TRANSITIONS[order.status]


def _free_form(text: bytes | None) -> str:
    """What nobody has a form for, as JSON people can read."""
    return "" if text is None else orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
