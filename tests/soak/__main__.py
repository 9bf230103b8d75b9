"""`make soak`: a day in ten minutes. The real system at a steady rate, with everything that expires expiring soon.

Exit status 1 when something was still growing at the end, or a promise to a client was broken.
"""

import argparse
import secrets
import signal
import sys
import threading
import time
from pathlib import Path

from devstack.server import StartError
from oms.accounts import sign_in, tokens
from oms.accounts.sign_in import ProvenUser
from oms.app import create_app
from oms.config import Settings
from oms.extensions import db
from oms.transactions import transaction
from tests.conftest import SECRET
from tests.faults.importer import Importer
from tests.faults.installation import PROCESSES, Installation, Stopped, installation
from tests.faults.ledger import CALM, Ledger
from tests.faults.load import Load, Person
from tests.faults.subscribers import subscribed
from tests.faults.watchers import Watching
from tests.soak.plot import svg
from tests.soak.sampling import sample
from tests.soak.series import QUANTITIES, Sample, table, verdict

CLIENTS, CUSTOMERS, WATCHERS = 8, 8, 4
# Between what one client does and the next: a rate that a busy machine keeps up too.
EVERY_SECONDS = 0.4
LOOK_EVERY_SECONDS = 2.0
# What lives for a day lives for minutes here, so that each is made, used and put away several times over.
SHORT_LIVES = {
    "CACHE_TTL_SECONDS": "20",
    "OUTBOX_RETENTION_HOURS": "0.02",
    "IDEMPOTENCY_RETENTION_HOURS": "0.02",
    "PENDING_ORDER_TTL_MINUTES": "1",
    "JWT_ACCESS_TOKEN_EXPIRATION_MINUTES": "2",
    "JWT_REFRESH_TOKEN_EXPIRATION_MINUTES": "2",
}
SIGN_IN_SECONDS = 45
# By then everything has been purged once, and the secret of the tokens has changed.
WARM_UP = 0.3
ROTATION = 1 / 8


class Soak:
    """The system, its callers, and what was seen of them."""

    def __init__(self, system: Installation, seconds: float) -> None:
        self._system = system
        self._seconds = seconds
        self.ledger = Ledger()
        self.times: list[float] = []
        self.samples: list[Sample] = []

    def run(self) -> None:
        customers, staff = self._system.people(CUSTOMERS)
        port = self._system.port
        busy = [
            Load(port, self.ledger, customers, staff, CLIENTS, EVERY_SECONDS),
            Importer(port, self.ledger, staff),
            *(Watching(self._system.stream_port, self.ledger, customer) for customer in customers[:WATCHERS]),
        ]
        self.ledger.phase = CALM
        with subscribed(self._system, self.ledger, staff, customers):
            for each in busy:
                each.start()
            self._look_on([*customers, staff])
            for each in busy:
                each.finish()

    def _look_on(self, people: list[Person]) -> None:
        began = time.monotonic()
        to_sign_in, to_rotate = began + SIGN_IN_SECONDS, began + self._seconds * ROTATION
        while (now := time.monotonic()) < began + self._seconds:
            self._system.keep_alive()
            if now > to_sign_in or now > to_rotate:  # rotating takes a while, and tokens live for two minutes
                self._sign_in(people)
                to_sign_in = now + SIGN_IN_SECONDS
            if now > to_rotate:
                self._rotate()
                to_rotate = float("inf")
            self._look(time.monotonic() - began)
            threading.Event().wait(LOOK_EVERY_SECONDS)

    def _rotate(self) -> None:
        """A new secret; tokens signed with the old one stay good until they expire."""
        self._system.variables |= {"JWT_SECRET_KEY": secrets.token_hex(32), "JWT_PREVIOUS_SECRET_KEYS": SECRET}
        for name in PROCESSES:
            self._system.restart(name)

    def _sign_in(self, people: list[Person]) -> None:
        app = create_app(Settings.from_env(self._system.environ))
        with app.app_context():
            for person in people:
                proven = ProvenUser(person.id, None)
                pair = tokens.issue(transaction(lambda session, who=proven: sign_in.open_family(session, who)))  # type: ignore[misc]
                person.headers["Authorization"] = f"Bearer {pair.access_token}"
            db.engine.dispose()

    def _look(self, at: float) -> None:
        answered = len(self.ledger.requests)
        before = self.samples[-1]["answered"] if self.samples else 0
        passed = at - self.times[-1] if self.times else 1.0
        self.times.append(at)
        self.samples.append(
            {**sample(self._system), "answered": answered, "requests": (answered - before) / max(passed, 0.001)}
        )


def main() -> int:
    options = argparse.ArgumentParser(prog="make soak", description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--plot", type=Path, default=Path("soak.svg"), help="where the picture goes")
    chosen = options.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return run(chosen.minutes * 60, chosen.plot)
    except StartError as error:
        print(f"cannot start: {error}", file=sys.stderr)
    except Stopped:
        print("stopped before the end", file=sys.stderr)
    return 1


def _stop(*_: object) -> None:
    raise Stopped


def run(seconds: float, plot: Path) -> int:
    with installation(**SHORT_LIVES) as system:
        soak = Soak(system, seconds)
        soak.run()
    begins = seconds * WARM_UP
    plot.write_text(svg(soak.times, soak.samples, begins))
    warm = [found for at, found in zip(soak.times, soak.samples, strict=True) if at >= begins]
    verdicts = [verdict(quantity, [found[quantity.name] for found in warm]) for quantity in QUANTITIES]
    broken = soak.ledger.broken
    print(f"{table(verdicts)}\n\n{len(soak.ledger.requests)} requests, {len(soak.ledger.orders)} orders; see {plot}")
    for promise in broken[:20]:
        print(f"broken: {promise.what}")
    flat = all(found.flat for found in verdicts)
    print("flat at the end" if flat else "not flat at the end")
    return 0 if flat and not broken else 1


if __name__ == "__main__":
    sys.exit(main())
