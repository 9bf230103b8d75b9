"""What a scenario costs: CPU time of process trees, SQL statements and round trips to Redis of one request."""

import http.client
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.load import Template
from bench.stack import APPLICATION, Stack
from devstack.server import descendants

_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_SECONDS, _IDLE_SHARE = 0.1, 0.25
WARMING = 4
PROBES = 15
_STATEMENTS = """
    SELECT COALESCE(sum(calls), 0) FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = 'oms')
        AND query NOT LIKE 'SELECT $1 FROM orders WHERE %FOR UPDATE%' -- the first of two in one message
"""


class Spent:
    """CPU time from here on."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._began = time.monotonic()
        self._ours, self._others = self._now()

    def so_far(self) -> tuple[dict[str, float], float]:
        """Seconds of each process tree of the stack, user and system, by name; and the share of the machine's
        processors that went to others than the bench."""
        ours, others = self._now()
        whole = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return {name: seconds - self._ours[name] for name, seconds in ours.items()}, (others - self._others) / whole

    def _now(self) -> tuple[dict[str, float], float]:
        ours = {name: _of_tree(pid) for name, pid in self._stack.pids().items()}
        load = sum(os.times()[:4])  # this process and wrk
        return ours, _of_all() - load - sum(ours.values())


def is_idle(stack: Stack, name: str) -> bool:
    """Whether this process tree has hardly anything to do, over a tenth of a second."""
    pid = stack.pids()[name]
    before = _of_tree(pid)
    threading.Event().wait(_LOOK_SECONDS)
    return _of_tree(pid) - before < _IDLE_SHARE * _LOOK_SECONDS


def _of_all() -> float:
    """What everybody on this machine has used."""
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + interrupts + soft_interrupts) / _TICKS


def _of_tree(pid: int) -> float:
    own = [_times(each) for each in (pid, *descendants(pid))]
    return (sum(user + system for user, system, *_ in own) + sum(own[0][2:])) / _TICKS


def _times(pid: int) -> tuple[int, int, int, int]:
    """Ticks in user and kernel mode, own and of the children it has buried."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0, 0, 0
    user, system, below_user, below_system = map(int, fields[11:15])
    return user, system, below_user, below_system


def round_trips(stack: Stack, port: int, template: Template) -> tuple[float, float]:
    """SQL statements and Redis round trips of one request: medians of PROBES, sent one after the other.

    Only the API runs meanwhile. Statements are those pg_stat_statements counts, BEGIN and COMMIT among them: each is
    a round trip. A round trip to Redis is one read on its side: a pipeline or a script is one, however much is in it.
    """
    client = stack.redis()

    def reads() -> int:
        return int(client.info("stats")["total_reads_processed"])

    def statements() -> int:
        return int(stack.query(_STATEMENTS, stack.floors_url)[0][0])

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        with stack.paused(*(name for name in APPLICATION if name != "web")):
            found = [_costs(connection, template, sent, statements, reads) for sent in range(WARMING + PROBES)]
    finally:
        connection.close()
        client.close()
    sql, redis = zip(*found[WARMING:], strict=True)
    return median(sql), median(redis)


def _costs(
    connection: http.client.HTTPConnection,
    template: Template,
    sent: int,
    statements: Callable[[], int],
    reads: Callable[[], int],
) -> tuple[int, int]:
    sql, redis = statements(), reads()
    template.send(connection, sent)
    asking = 1  # the second look's own read
    redis = reads() - redis - asking
    return statements() - sql, redis
