"""The audit log: written with what it tells of, read in pages, never changed."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from psycopg2.errors import RestrictViolation
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from oms import audit
from oms.accounts.actor import Actor
from oms.audit import Filters, Page, Subject
from oms.ids import new_id
from oms.transactions import read, transaction
from tests.callers import Caller
from tests.conftest import Servers
from tests.factories import line, place, rows, url
from tests.floor import applications

pytestmark = pytest.mark.usefixtures("context")


def written(actor: Actor, action: str = "user.created", subject_id: str = "U", **details: str) -> None:
    transaction(lambda session: audit.record(session, actor, action, Subject("user", subject_id), details))


def found(filters: Filters, limit: int = 50, before: str | None = None) -> Page:
    return read(lambda session: audit.page(session, filters, limit, before))


def somebody() -> Actor:
    return Actor(new_id(), "admin")


def test_an_entry_says_who_did_what_to_whom() -> None:
    actor = somebody()
    written(actor, "user.role_changed", "U7", to="staff")
    (entry,) = found(Filters(actor_id=actor.id)).entries
    assert (entry.actor_kind, entry.action, entry.subject_kind, entry.subject_id) == (
        "admin",
        "user.role_changed",
        "user",
        "U7",
    )
    assert (entry.details, entry.address) == ({"to": "staff"}, None)
    assert datetime.now(UTC) - entry.created_at < timedelta(minutes=1)


def test_an_entry_is_forgotten_with_the_change_it_tells_of() -> None:
    actor = somebody()

    def half(session: object) -> None:
        audit.record(session, actor, "user.created", Subject("user", "U"))  # type: ignore[arg-type]
        raise LookupError

    with pytest.raises(LookupError):
        transaction(half)
    assert found(Filters(actor_id=actor.id)).entries == []


def test_pages_go_from_the_newest_to_the_oldest() -> None:
    actor = somebody()
    for number in range(5):
        written(actor, subject_id=str(number))
    first = found(Filters(actor_id=actor.id), 2)
    second = found(Filters(actor_id=actor.id), 2, first.next_cursor)
    third = found(Filters(actor_id=actor.id), 2, second.next_cursor)
    assert third.next_cursor is None
    seen = [entry.id for page in (first, second, third) for entry in page.entries]
    assert len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


def test_filters_are_all_kept_to() -> None:
    actor, other = somebody(), somebody()
    written(actor, "user.created", actor.id)
    written(actor, "user.disabled", actor.id)
    written(other, "user.disabled", actor.id)
    assert len(found(Filters(subject_id=actor.id)).entries) == 3
    assert len(found(Filters(subject_id=actor.id, action="user.disabled")).entries) == 2
    assert len(found(Filters(subject_id=actor.id, action="user.disabled", actor_id=other.id)).entries) == 1
    assert len(found(Filters(actor_id=actor.id, action="user.created")).entries) == 1


def test_time_is_a_filter() -> None:
    actor, now = somebody(), datetime.now(UTC)
    written(actor)
    minute = timedelta(minutes=1)
    assert len(found(Filters(actor_id=actor.id, since=now - minute, until=now + minute)).entries) == 1
    assert found(Filters(actor_id=actor.id, since=now + minute)).entries == []
    assert found(Filters(actor_id=actor.id, until=now - minute)).entries == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entries SET actor_id = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"]
)
def test_the_database_refuses_to_change_an_entry(statement: str) -> None:
    with pytest.raises((DBAPIError, IntegrityError)) as refused:
        transaction(lambda session: session.execute(text(statement)))
    assert isinstance(refused.value.orig, RestrictViolation)


def of_order(app: Flask, order_id: str) -> list[tuple[str, str, str, str | None]]:
    entries = rows(app, "SELECT * FROM audit_entries WHERE subject_id = :order_id ORDER BY id", order_id=order_id)
    return [(entry.actor_kind, entry.actor_id, entry.action, entry.details.get("reason")) for entry in entries]


def test_what_staff_do_to_an_order_is_written_with_it(app: Flask, staff: Caller, customer: Caller) -> None:
    order = place(customer, line())
    headers = {"X-Request-ID": f"r-{new_id()}"}
    answer = staff.patch(url(order), {"status": "confirmed", "reason": "called us"}, headers=headers)
    assert answer.status_code == 200
    assert staff.post(url(order, "cancel"), {"reason": "other"}).status_code == 200
    assert of_order(app, order["order_id"]) == [
        ("staff", staff.id, "order.status_changed", "called us"),
        ("staff", staff.id, "order.cancelled", "other"),
    ]
    first = rows(app, "SELECT * FROM audit_entries WHERE subject_id = :id ORDER BY id", id=order["order_id"])[0]
    assert (first.request_id, first.address) == (headers["X-Request-ID"], "127.0.0.1")
    assert first.details == {"version": 2, "from": "pending", "to": "confirmed", "reason": "called us"}


def test_money_that_staff_move_is_told_by_its_part_and_amount(app: Flask, staff: Caller, customer: Caller) -> None:
    order = place(customer, line(), payment=[{"payment_mode": "card", "amount": 5}])
    (payment,) = order["payments"]
    assert staff.post(url(order, "payments", payment["payment_id"], "capture")).status_code == 200
    (entry,) = rows(app, "SELECT * FROM audit_entries WHERE subject_id = :id", id=order["order_id"])
    assert entry.action == "payment.captured"
    assert (entry.details["payment_id"], entry.details["amount"]) == (payment["payment_id"], "5.00")


def test_a_refused_change_is_no_entry(app: Flask, staff: Caller, customer: Caller) -> None:
    order = place(customer, line())
    assert staff.patch(url(order), {"status": "returned"}).status_code == 409
    assert staff.patch(url(order), {"status": "pending"}).status_code == 200
    assert of_order(app, order["order_id"]) == []


def test_where_the_log_lies_on_another_node_it_is_written_beside_the_order(
    app: Flask, servers: Servers, staff: Caller, customer: Caller
) -> None:
    order = place(customer, line())
    with applications.another(app, servers, DATABASE_DISTRIBUTED="yes") as made:
        there = Caller(made, staff.headers, staff.id)
        assert there.patch(url(order), {"status": "confirmed"}).status_code == 200
    assert of_order(app, order["order_id"]) == [("staff", staff.id, "order.status_changed", None)]


def test_what_customers_and_systems_do_is_in_the_journey_only(
    app: Flask, staff: Caller, customer: Caller, warehouse: Caller
) -> None:
    order = place(customer, line())
    assert staff.patch(url(order), {"status": "confirmed"}).status_code == 200
    assert warehouse.patch(url(order), {"status": "packed"}).status_code == 200
    other = place(customer, line())
    assert customer.post(url(other, "cancel")).status_code == 200
    assert len(of_order(app, order["order_id"])) == 1
    assert of_order(app, other["order_id"]) == []
