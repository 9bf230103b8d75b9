"""A circuit breaker: after a row of failures a provider is left alone for a while, then tried by one request."""

import threading
from collections.abc import Callable

FAILURES = 5
PAUSE_SECONDS = 30.0


class Breaker:
    """For one provider in this process; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._trial_at = 0.0

    def admits(self) -> bool:
        """Whether the caller may ask the provider now; while it is closed off, one caller in 30 seconds may."""
        with self._lock:
            if self._failures < FAILURES:
                return True
            if self._clock() < self._trial_at:
                return False
            # The next trial is due even if this one's thread never comes back to say how it went.
            self._trial_at = self._clock() + PAUSE_SECONDS
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> bool:
        """True for the one caller who should say in the log that the provider is closed off from now on."""
        with self._lock:
            self._failures += 1
            self._trial_at = self._clock() + PAUSE_SECONDS
            return self._failures == FAILURES
