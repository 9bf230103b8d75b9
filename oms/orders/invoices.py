"""Invoices and credit notes: numbered without gaps, written once.

A number is taken under the lock of its series' row, as late in the transaction as it can be, and given back by a
rollback; so there are no gaps, and the lock is held for the time of one statement and a commit.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import strict_json
from oms.accounts.actor import Actor
from oms.errors import NotFound
from oms.extensions import settings
from oms.orders import events, invoice_document, lifecycle, store
from oms.orders.order import Order, Refund, refunds_of
from oms.orders.representation import moment
from oms.orders.store import Change, now

POSTPONED = "orders_to_number"

_ISSUE = text("""
    WITH taken AS (
        INSERT INTO invoice_series (series, last_number) VALUES (:series, 1)
        ON CONFLICT (series) DO UPDATE SET last_number = invoice_series.last_number + 1 RETURNING last_number
    ), labelled AS (
        SELECT last_number,
            :series || '-' || lpad(CAST(last_number AS text), greatest(6, length(CAST(last_number AS text))), '0')
            AS label
        FROM taken
    )
    INSERT INTO invoices (series, number, label, kind, order_id, document, issued_at)
    SELECT :series, last_number, label, :kind, :order_id,
        CAST('{"number":' || to_json(label) || ',' || substr(:document, 2) AS json), :issued_at
    FROM labelled RETURNING label
""")
# One query tells an order without documents from an order that is not there or not the caller's.
_OF_ORDER = text("""
    SELECT label, CAST(invoices.document AS text) AS document
    FROM orders LEFT JOIN invoices ON invoices.order_id = orders.order_id
    WHERE orders.order_id = :order_id AND (CAST(:owner AS text) IS NULL OR customer_id = :owner)
    ORDER BY invoices.issued_at, label
""")


def issue_due(session: Session, order: Order, change: Change, actor: Actor) -> None:
    """Issue the invoice of an order that has been dispatched, and a document for each refund that is new: a credit note
    where there is an invoice, else a refund voucher.

    An owner-managed order gets no invoice: its owner drives it, and its free-form items have no prices. In a
    transaction of many orders (`numbers_come_last`) nothing is issued yet.
    """
    if POSTPONED in session.info:
        session.info[POSTPONED].add(order.order_id)
        return
    _issue_vouchers_or_notes(session, order, change, actor)
    if invoice_due(order):
        document = _issue(session, order, "invoice", invoice_document.invoice(order))
        order.invoice_number = document["number"]
        change.note(order, actor, "invoice.issued", {"number": document["number"]})
        change.events.append(events.document_issued(events.INVOICE_ISSUED, order, actor, document))


def invoice_due(order: Order) -> bool:
    """It has been dispatched, by somebody who sells it, and has none yet."""
    sold = order.managed_by == lifecycle.OPERATOR and order.status in lifecycle.DISPATCHED
    return sold and order.invoice_number is None


def _issue_vouchers_or_notes(session: Session, order: Order, change: Change, actor: Actor) -> None:
    kind = "credit_note" if order.invoice_number else "refund_voucher"
    told = events.CREDIT_NOTE_ISSUED if order.invoice_number else events.REFUND_VOUCHER_ISSUED
    for shares in _uncredited(change.refunds):
        document = _issue(session, order, kind, invoice_document.credit_note(order, shares))
        for share in shares:
            share.credit_note_number = document["number"]
        change.events.append(events.document_issued(told, order, actor, document))


def numbers_come_last(session: Session) -> None:
    """Give out numbers at the end of this transaction: their series must not be locked while it waits for orders."""
    session.info[POSTPONED] = set()


def issue_postponed(session: Session, actor: Actor) -> list[Order]:
    """Issue what has come due since `numbers_come_last`; returns the orders, each a version further."""
    done = []
    for order_id in sorted(session.info.pop(POSTPONED)):
        order, change = store.lock(session, order_id, None), Change()
        change.refunds += [share for share in refunds_of(order) if share.credit_note_number is None]
        issue_due(session, order, change, actor)
        if change.events:
            store.save(session, order, change)
            done.append(order)
    return done


def _uncredited(changed: Sequence[Refund]) -> list[list[Refund]]:
    found: dict[str, list[Refund]] = {}
    for share in changed:
        if share.credit_note_number is None:
            found.setdefault(share.refund_id, []).append(share)
    return list(found.values())


def _issue(session: Session, order: Order, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    issued_at = now()
    chosen = settings()
    pattern = {
        "invoice": chosen.invoice_series,
        "credit_note": chosen.credit_note_series,
        "refund_voucher": chosen.refund_voucher_series,
    }[kind]
    document = {"kind": kind, "issued_at": moment(issued_at), **content}
    label = session.execute(
        _ISSUE,
        {
            "series": pattern.replace("{year}", str(issued_at.year)),
            "kind": kind,
            "order_id": order.order_id,
            "document": strict_json.write(document).decode(),
            "issued_at": issued_at,
        },
    ).scalar_one()
    return {**document, "number": label}


def of_order(session: Session, order_id: str, owner: str | None) -> list[bytes]:
    """The order's documents as they were issued, oldest first; raises `NotFound` order_not_found."""
    found = session.execute(_OF_ORDER, {"order_id": order_id, "owner": owner}).all()
    if not found:
        raise NotFound("There is no such order.", code="order_not_found")
    return [row.document.encode() for row in found if row.label is not None]


def one_of_order(session: Session, order_id: str, number: str, owner: str | None) -> bytes:
    """One document by its number; raises `NotFound` order_not_found or invoice_not_found."""
    rows = session.execute(_OF_ORDER, {"order_id": order_id, "owner": owner}).all()
    if not rows:
        raise NotFound("There is no such order.", code="order_not_found")
    for row in rows:
        if row.label == number:
            found: bytes = row.document.encode()
            return found
    raise NotFound("The order has no such document.", code="invoice_not_found")
