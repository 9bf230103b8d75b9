"""`make torture`: the real system under load, broken in one way after the other, and then audited.

Exit status 1 when a promise was broken.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from devstack.kafka import CONSUMED
from devstack.server import StartError, wait_until
from tests.faults import audit, messages, report
from tests.faults.evidence import gather
from tests.faults.faults import FAULTS, Fault
from tests.faults.importer import Importer
from tests.faults.installation import LOGS, Installation, Stopped, installation
from tests.faults.ledger import CALM, Broken, Ledger
from tests.faults.load import Load
from tests.faults.other_systems import OtherSystems
from tests.faults.subscribers import subscribed
from tests.faults.watchers import CATCH_UP_SECONDS, Watching
from tests.floor.topics import NEW_ORDER, ORDER_EVENTS, Listener

CLIENTS, CUSTOMERS = 16, 4
WATCHERS = 4  # for each customer
CALM_SECONDS, FIRST_CALM_SECONDS = 1.5, 6.0
LONGEST_MINUTES = 15
LAST_ROUND_MINUTES = 9  # no other round begins after that
CACHE_SECONDS = 20
EVENTS = (ORDER_EVENTS, NEW_ORDER)
DEAD = tuple(f"{topic}.dlq" for topic in CONSUMED)


def main() -> int:
    options = argparse.ArgumentParser(prog="make torture", description=__doc__)
    options.add_argument("--rounds", type=int, default=1, choices=range(1, 5), help="how often everything is broken")
    options.add_argument("--only", action="append", choices=[fault.name for fault in FAULTS], help="only this fault")
    options.add_argument("--kafka", default="embedded", choices=("embedded", "real"), help="real is Apache Kafka")
    chosen = options.parse_args()
    faults = [fault for fault in FAULTS if not chosen.only or fault.name in chosen.only]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _stop)
    signal.alarm(LONGEST_MINUTES * 60)
    try:
        return run(faults, chosen.rounds, chosen.kafka)
    except StartError as error:
        print(f"torture: cannot start: {error}; the logs are in {LOGS}", file=sys.stderr)
    except Stopped:
        print(f"torture: stopped before the end; the logs are in {LOGS}", file=sys.stderr)
    return 1


def _stop(*_: object) -> None:
    raise Stopped


def run(faults: Sequence[Fault], rounds: int, kafka: str) -> int:
    """Everything; the exit status."""
    began, ledger = time.monotonic(), Ledger()
    with installation(kafka) as system, _listening(system) as listener:
        customers, staff = system.people(CUSTOMERS)
        with subscribed(system, ledger, staff, customers):
            load = Load(system.port, ledger, customers, staff, CLIENTS)
            others = [OtherSystems(system.kafka.url, ledger, listener), Importer(system.port, ledger, staff)]
            watching = [Watching(system.stream_port, ledger, who) for who in customers for _ in range(WATCHERS)]
            for busy in (load, *others, *watching):
                busy.start()
            _torture(system, ledger, faults, rounds)
            for one in watching:
                one.look_away()
            for busy in (load, *others, *watching):
                busy.finish()
            print("draining and auditing", flush=True)
            broken = audit.drain(system, ledger)
            until = time.monotonic() + CATCH_UP_SECONDS
            for one in watching:
                one.catch_up(system, until)
            found = _audited(system, ledger, listener)
            broken += [*ledger.broken, *found]
    phases = report.phases(ledger, faults)
    broken += report.out_of_bounds(phases, faults)
    events = sum(message.topic in EVENTS for message in listener.heard)
    told = [
        report.table(ledger, phases, broken),
        *([report.story(broken)] if broken else []),
        report.summary(ledger, phases, broken, events, time.monotonic() - began),
    ]
    (LOGS / "report.txt").write_text("\n\n".join(told) + "\n")
    if broken:
        told.insert(2, f"what every process and server has logged is in {LOGS}")
    print("", *told, sep="\n\n", flush=True)
    return 1 if broken else 0


def _torture(system: Installation, ledger: Ledger, faults: Sequence[Fault], rounds: int) -> None:
    began = time.monotonic()
    ledger.phase = CALM
    system.under_load(FIRST_CALM_SECONDS)
    for number in range(rounds):
        if number and time.monotonic() - began > LAST_ROUND_MINUTES * 60:
            return
        for fault in faults:
            _inflict(system, ledger, fault)


def _inflict(system: Installation, ledger: Ledger, fault: Fault) -> None:
    began = time.monotonic()
    ledger.phase = fault.name
    fault.inflict(system)
    if not system.recover():
        ledger.note_broken("other", fault.name, f"the system did not recover: {system.last_words()}")
    print(f"{fault.name}: all well after {time.monotonic() - began:.1f} s", flush=True)
    ledger.phase = CALM
    system.under_load(CALM_SECONDS)
    _catch_up(system, ledger, fault)


def _catch_up(system: Installation, ledger: Ledger, fault: Fault) -> None:
    """Let the consumer work off what has piled up, so that the next fault is not blamed for this one."""
    began = time.time()
    while waiting := messages.unhandled(system, ledger, began):
        if time.time() > began + messages.LONGEST_SECONDS:
            what = f"{waiting} messages still wait {messages.LONGEST_SECONDS} s afterwards"
            ledger.note_broken("other", fault.name, what)
            return
        system.under_load(0.3)


@contextmanager
def _listening(system: Installation) -> Iterator[Listener]:
    """Hears all events from the first on, all the time: the broker keeps only so many."""
    over = threading.Event()
    with Listener(system.kafka.url, *EVENTS, *DEAD) as listener:
        ear = threading.Thread(
            target=listener.wait_for, args=(lambda _: over.is_set(), LONGEST_MINUTES * 60), daemon=True
        )
        ear.start()
        try:
            yield listener
        finally:
            over.set()
            ear.join(10)


def _audited(system: Installation, ledger: Ledger, listener: Listener) -> list[Broken]:
    """Some of it takes a moment: messages that are on their way to us, the next round of the clock."""
    found: list[Broken] = []

    def fine() -> bool:
        events = [message for message in listener.heard if message.topic in EVENTS]
        dead = [message for message in listener.heard if message.topic in DEAD]
        found[:] = audit.audit(gather(system, ledger, events, dead))
        return not found

    wait_until(fine, CACHE_SECONDS)
    return found


if __name__ == "__main__":
    sys.exit(main())
