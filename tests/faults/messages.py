"""What has become of the messages of other systems."""

from collections import Counter
from collections.abc import Iterator
from math import inf

from tests.faults.evidence import Check, Evidence
from tests.faults.installation import Installation
from tests.faults.ledger import Broken, Ledger
from tests.faults.scripts import BOUGHT_BY, Effect, Script

# The longest outage, the recovery, and then what has piled up.
LONGEST_SECONDS = 60
ATTEMPTS = 5
HANDLED = """
    SELECT event_id, CAST(extract(epoch FROM received_at) AS float) FROM inbox_events WHERE event_id = ANY(%s)
"""


def unhandled(system: Installation, ledger: Ledger, before: float = inf) -> int:
    """How many messages that the broker had at a time have had no effect yet; of the others, notes when they had."""
    waiting = [message for message in list(ledger.messages.values()) if message.acknowledged and not message.handled]
    for event_id, at in system.query(HANDLED, [message.event_id for message in waiting]):
        ledger.messages[event_id].handled = at
    return sum(not message.handled and message.acknowledged < before for message in waiting)


def every_message_had_one_effect(evidence: Evidence) -> Iterator[Broken]:
    found = {
        order_id: Effect(tuple(path), *rest)
        for order_id, path, *rest in evidence.system.query(f"""
            SELECT order_id, ARRAY(
                SELECT current_status FROM order_journey
                WHERE order_journey.order_id = orders.order_id AND line_no IS NULL AND event IS NULL ORDER BY seq
            ), facility_id, coalesce(sum(shipped_quantity), 0), coalesce(sum(cancelled_quantity), 0)
            FROM orders LEFT JOIN order_items USING (order_id) WHERE customer_id = '{BOUGHT_BY}' GROUP BY order_id
        """)
    }
    for key, script in evidence.ledger.bulk.items():
        orders = [key] if script.names_its_order else evidence.notes.get(key, [])
        if len(orders) > 1:
            yield evidence.doubled(key, f"one message has made the orders {orders}")
        if not (effects := [found[order_id] for order_id in orders if order_id in found]):
            yield evidence.lost(key, f"was ordered through Kafka ({script.name}) and is not in the database")
        for effect in effects:
            yield from _compare(evidence, key, script, effect)


def _compare(evidence: Evidence, key: str, script: Script, found: Effect) -> Iterator[Broken]:
    wanted = script.effect
    if found == wanted:
        return
    twice = any(times > 1 for times in Counter(found.path).values())
    doubled = twice or found.shipped > wanted.shipped or found.cancelled > wanted.cancelled
    tell = evidence.doubled if doubled else evidence.lost
    yield tell(key, f"({script.name}) has come to {found}, not to {wanted}")


def an_unreadable_message_is_a_dead_letter_once(evidence: Evidence) -> Iterator[Broken]:
    sent = {message.event_id: message for message in evidence.ledger.messages.values() if message.poison}
    rows = evidence.system.query("SELECT event_id, attempts, reason FROM dead_letters")
    for event_id, attempts, reason in rows:
        if event_id not in sent:
            yield evidence.wrong(event_id, f"was sound and has become a dead letter: {reason}")
        elif attempts != ATTEMPTS:
            yield evidence.wrong(event_id, f"became a dead letter after {attempts} tries and not {ATTEMPTS}: {reason}")
    buried = {event_id for event_id, *_ in rows} & {message.id for message in evidence.dead}
    for event_id, message in sent.items():
        if event_id not in buried:
            yield evidence.lost(
                event_id, f"can't be carried out, and is no dead letter: {message.value!r}", message.phase
            )


def no_message_waits_for_long(evidence: Evidence) -> Iterator[Broken]:
    for message in evidence.ledger.messages.values():
        if message.seconds > LONGEST_SECONDS:
            what = f"{message.event_id} had its effect {message.seconds:.1f} s after the broker had it"
            yield Broken("other", message.phase, f"{what}, the bound is {LONGEST_SECONDS} s")


CHECKS: tuple[Check, ...] = (
    every_message_had_one_effect,
    an_unreadable_message_is_a_dead_letter_once,
    no_message_waits_for_long,
)
