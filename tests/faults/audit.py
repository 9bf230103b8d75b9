"""When all is calm: what the clients know, what the database holds, what Kafka was told and what Redis shows, compared.

Each check is a function that yields the promises it found broken.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import redis

from devstack.server import wait_until
from tests.faults import importer, messages, subscribers, watchers
from tests.faults.evidence import Check, Evidence
from tests.faults.installation import Installation
from tests.faults.ledger import END, Broken, Ledger, PlacedOrder
from tests.floor.topics import NEW_ORDER, first_sequences

# An attempt at a refund that died in between leaves a claim of 60 s; then the clock finds it.
DRAIN_SECONDS = 90
UNSENT = "SELECT count(*) FROM outbox_events WHERE published_at IS NULL"
# What a customer's cancel gives back in cash waits for somebody to hand it over.
OPEN_REFUNDS = "SELECT count(*) FROM refunds WHERE status <> 'processed' AND NOT by_hand"
UNPROCESSED = "SELECT count(*) FROM orders WHERE order_id NOT IN (SELECT order_id FROM order_processing)"


def drain(system: Installation, ledger: Ledger) -> list[Broken]:
    """Wait until everything that was left behind has been found and done; what never is."""
    waits: dict[str, Callable[[], int]] = {
        "messages have had no effect": lambda: messages.unhandled(system, ledger),
        "refunds are not carried out": lambda: system.query(OPEN_REFUNDS)[0][0],
        "new orders are not processed": lambda: system.query(UNPROCESSED)[0][0],
        "events are not published": lambda: system.query(UNSENT)[0][0],
        "webhooks are not delivered": lambda: system.query(subscribers.WAITING)[0][0],
    }
    late = []
    for what, left in waits.items():
        if not wait_until(lambda left=left: left() == 0, DRAIN_SECONDS):  # type: ignore[misc]
            late.append(Broken("lost", END, f"{left()} {what} after {DRAIN_SECONDS} s"))
    return late


def audit(evidence: Evidence) -> list[Broken]:
    """Every promise that was found broken."""
    return [broken for check in CHECKS for broken in check(evidence)]


# --- orders


def every_acknowledged_order_is_there(evidence: Evidence) -> Iterator[Broken]:
    for order_id, known in evidence.ledger.orders.items():
        row = evidence.orders.get(order_id)
        if row is None:
            yield evidence.lost(order_id, "acknowledged, and not in the database")
            continue
        if row["customer_id"] != known.customer_id or not _same_content(known, row):
            yield evidence.lost(order_id, f"is not what was acknowledged: {row} for {known.sent}")
        newest = max(known.applied, key=lambda change: change.version)
        if row["version"] < newest.version:
            what = f"is at version {row['version']} although {newest.version} was acknowledged ({newest.operation})"
            yield evidence.lost(order_id, what, newest.phase)
        if row["status"] != known.status:
            yield evidence.lost(order_id, f"is {row['status']}, acknowledged was {known.status}", newest.phase)


def _same_content(known: PlacedOrder, row: Any) -> bool:
    if Decimal(row["total"]) != Decimal(str(known.placed.answer["total_amount"])):
        return False
    items = known.sent["items"]
    if isinstance(items, dict):
        return bool(row["document"] == items)
    sent = [(line["sku"], Decimal(line["quantity"]), Decimal(line["unit_price"])) for line in items]
    return [(sku, Decimal(quantity), Decimal(price)) for sku, quantity, price in row["lines"]] == sent


def no_order_nobody_knows(evidence: Evidence) -> Iterator[Broken]:
    """Every client has learnt the outcome of all his keys: an order more is one key with two effects."""
    bulk = {order_id for key in evidence.ledger.bulk for order_id in (key, *evidence.notes.get(key, ()))}
    for file in evidence.ledger.files:
        bulk |= {*file.orders, *(order_id for note in file.notes for order_id in evidence.notes.get(note, ()))}
    for order_id in evidence.orders.keys() - evidence.ledger.orders.keys() - bulk:
        yield evidence.doubled(order_id, "is in the database and was never acknowledged")


def every_key_had_one_effect(evidence: Evidence) -> Iterator[Broken]:
    """The steps that were acknowledged are the steps in the books: as many, and once each."""
    parts = dict(evidence.system.query("SELECT order_id, count(*) FROM payments GROUP BY order_id"))
    asked = dict(
        evidence.system.query("""
            SELECT order_id, count(DISTINCT refund_id) FROM refunds WHERE cause NOT LIKE 'cancel%' GROUP BY order_id
        """)
    )
    steps = defaultdict(list)
    for order_id, status in evidence.system.query("""
        SELECT order_id, current_status FROM order_journey WHERE line_no IS NULL AND event IS NULL
        ORDER BY order_id, seq
    """):
        steps[order_id].append(status)
    for order_id, known in evidence.ledger.orders.items():
        yield from _compare(evidence, known, "payment parts", parts.get(order_id, 0), known.count("pay"))
        yield from _compare(evidence, known, "refunds", asked.get(order_id, 0), known.count("refund"))
        if repeated := [status for status, times in Counter(steps[order_id]).items() if times > 1]:
            yield evidence.doubled(order_id, f"became {repeated} more than once")


def _compare(evidence: Evidence, known: PlacedOrder, what: str, found: int, acknowledged: int) -> Iterator[Broken]:
    phases = " / ".join({change.phase for change in known.applied})
    if found < acknowledged:
        yield evidence.lost(known.order_id, f"{found} {what}, acknowledged were {acknowledged} ({phases})")
    if found > acknowledged:
        yield evidence.doubled(known.order_id, f"{found} {what}, acknowledged were {acknowledged} ({phases})")


def the_journey_counts_up(evidence: Evidence) -> Iterator[Broken]:
    for order_id, steps, last, backwards in evidence.system.query("""
        SELECT order_id, count(*), max(seq), count(*) FILTER (WHERE created_at < before) FROM (
            SELECT order_id, seq, created_at, lag(created_at) OVER (PARTITION BY order_id ORDER BY seq) AS before
            FROM order_journey
        ) AS step GROUP BY order_id
    """):
        # A step's number is the version it led to; only other systems change what is no step, a facility.
        if (order_id in evidence.ledger.orders and steps != last) or backwards:
            yield evidence.wrong(order_id, f"its journey has {steps} steps up to {last}, {backwards} out of order")


# --- money


def money_adds_up(evidence: Evidence) -> Iterator[Broken]:
    received: dict[str, Decimal] = {}
    for order_id, captured, refunded, reserved, given_back, promised in evidence.system.query("""
        SELECT order_id, sum(captured_amount), sum(refunded_amount), sum(reserved_amount), (
            SELECT coalesce(sum(amount), 0) FROM refunds
            WHERE refunds.order_id = payments.order_id AND refunds.status = 'processed'
        ), (
            SELECT coalesce(sum(amount), 0) FROM refunds
            WHERE refunds.order_id = payments.order_id AND refunds.status <> 'processed')
        FROM payments GROUP BY order_id
    """):
        received[order_id] = captured
        if refunded + reserved > captured or (refunded, reserved) != (given_back, promised):
            what = f"{captured} came in, {refunded} went back, {reserved} is reserved"
            yield evidence.wrong(order_id, f"{what}; its refunds: {given_back} done, {promised} open")
    for order_id, known in evidence.ledger.orders.items():
        captures = [change.answer for change in known.applied if change.operation == "capture"]
        acknowledged = sum((Decimal(str(answer["captured_amount"])) for answer in captures), Decimal(0))
        if received.get(order_id, Decimal(0)) != acknowledged:
            yield evidence.lost(order_id, f"{received.get(order_id, 0)} was captured, acknowledged was {acknowledged}")


def invoices_have_no_gap(evidence: Evidence) -> Iterator[Broken]:
    for series, numbers, last in evidence.system.query("SELECT series, count(*), max(number) FROM invoices GROUP BY 1"):
        if numbers != last:
            yield Broken("lost", END, f"series {series} has {numbers} documents up to number {last}")


# --- events


def every_event_is_in_kafka(evidence: Evidence) -> Iterator[Broken]:
    heard = {message.id for message in evidence.heard}
    for (order_id, version, position), event_id in evidence.outbox.items():
        if event_id not in heard:
            yield evidence.lost(order_id, f"its event {version}.{position} never arrived in Kafka")
    told = {(order_id, version) for order_id, version, _ in evidence.outbox}
    for order_id, known in evidence.ledger.orders.items():
        for change in known.applied:
            if (order_id, change.version) not in told:
                yield evidence.lost(order_id, f"{change.operation} left no event of {change.version}", change.phase)


def an_event_has_one_id(evidence: Evidence) -> Iterator[Broken]:
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for message in evidence.heard:
        ids[message.key, message.sequence].add(message.id)
    for (order_id, sequence), found in ids.items():
        if len(found) > 1:
            yield evidence.doubled(order_id, f"event {sequence} has the ids {sorted(found)}")


def no_event_without_its_change(evidence: Evidence) -> Iterator[Broken]:
    known = {event_id: place for place, event_id in evidence.outbox.items()}
    for message in {message.id: message for message in evidence.heard}.values():
        if message.id not in known or known[message.id][0] != message.key:
            yield evidence.wrong(message.key, f"Kafka has event {message.sequence}, which nothing in the database is")


def events_come_in_order(evidence: Evidence) -> Iterator[Broken]:
    for topic in {message.topic for message in evidence.heard}:
        of_topic = [message for message in evidence.heard if message.topic == topic]
        for order_id, sequences in first_sequences(of_topic).items():
            if sequences != sorted(sequences):
                yield evidence.wrong(order_id, f"its events in {topic} came as {sequences}")


def a_new_order_was_processed_once(evidence: Evidence) -> Iterator[Broken]:
    told = {message.key: message.id for message in evidence.heard if message.topic == NEW_ORDER}
    processed = dict(evidence.system.query("SELECT order_id, event_id FROM order_processing"))
    dealt_with = {row[0] for row in evidence.system.query("SELECT event_id FROM inbox_events")}
    for order_id, event_id in told.items():
        if processed.get(order_id) != event_id or event_id not in dealt_with:
            yield evidence.lost(order_id, f"was processed for {processed.get(order_id)} and not for {event_id}")
    for order_id in processed.keys() - told.keys():
        yield evidence.wrong(order_id, "was processed, and nobody has announced it")


# --- cache


def redis_is_neither_behind_nor_ahead(evidence: Evidence) -> Iterator[Broken]:
    with redis.Redis.from_url(evidence.system.valkey.url) as client:
        for key in client.scan_iter("order:*", count=1000):
            order_id, value = key.decode().partition(":")[2], client.get(key)
            if value is None:
                continue
            row, version = evidence.orders.get(order_id), int(value[:10])
            if row is None:
                yield evidence.wrong(order_id, f"is in Redis at version {version}, and in no database")
            elif version < row["version"]:
                yield evidence.lost(order_id, f"Redis holds version {version}, the database {row['version']}")
            elif version > row["version"] or _other_status(value, row):
                yield evidence.wrong(order_id, f"Redis holds version {version} of {row}: {value[13:]!r}")


def _other_status(value: bytes, row: Any) -> bool:
    body = value[13 + int(value[10:13]) :]
    return bool(body) and json.loads(body)["status"] != row["status"]


CHECKS: tuple[Check, ...] = (
    every_acknowledged_order_is_there,
    no_order_nobody_knows,
    every_key_had_one_effect,
    the_journey_counts_up,
    money_adds_up,
    invoices_have_no_gap,
    every_event_is_in_kafka,
    an_event_has_one_id,
    no_event_without_its_change,
    events_come_in_order,
    a_new_order_was_processed_once,
    *messages.CHECKS,
    *importer.CHECKS,
    *subscribers.CHECKS,
    *watchers.CHECKS,
    redis_is_neither_behind_nor_ahead,
)
