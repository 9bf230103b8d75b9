"""How many of something long run at once in this process, and for one caller."""

import threading
from collections import Counter

from oms.errors import TooMany, Unavailable

RETRY_SECONDS = 10


class Gate:
    """Counts who is in. `what` names in the plural what they do, for those who have to stay outside."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._inside: Counter[str] = Counter()

    def enter(self, caller: str, most: int, most_of_caller: int) -> None:
        """Raises `TooMany` (too_many_of_yours) or `Unavailable` (busy), each with `retry_after`."""
        with self._lock:
            if self._inside[caller] >= most_of_caller:
                detail = f"You have {most_of_caller} {self._what} running; wait until one has ended."
                raise TooMany(detail, code="too_many_of_yours", retry_after=RETRY_SECONDS)
            if self._inside.total() >= most:
                detail = f"As many {self._what} run as may; try again in a moment."
                raise Unavailable(detail, code="busy", retry_after=RETRY_SECONDS)
            self._inside[caller] += 1

    def leave(self, caller: str) -> None:
        with self._lock:
            self._inside[caller] -= 1
            if not self._inside[caller]:
                del self._inside[caller]
