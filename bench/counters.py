"""What a scenario costs: CPU time of process trees, SQL statements and round trips to Redis of one request."""

import http.client
import os
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.load import Template
from bench.stack import APPLICATION, Stack
from devstack.server import descendants

_TICKS = os.sysconf("SC_CLK_TCK")
WARMING = 4
PROBES = 15
_STATEMENTS = """
    SELECT COALESCE(sum(calls), 0) FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = 'oms')
"""


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """CPU seconds that each process tree has used, user and system, by name; with those of its ended children."""
    return {name: _of_tree(pid) for name, pid in stack.pids().items()}


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
