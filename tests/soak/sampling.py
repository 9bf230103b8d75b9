"""One look at everything: processes by /proc, PostgreSQL and Redis by what they say of themselves."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import redis

from tests.faults.installation import PROCESSES, Installation
from tests.soak.series import Sample

_DATABASE = """
    SELECT
        (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'oms'),
        (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox_events WHERE published_at IS NULL),
        (SELECT count(*) FROM outbox_events) + (SELECT count(*) FROM idempotency_keys)
            + (SELECT count(*) FROM token_families),
        (SELECT 100.0 * sum(n_dead_tup) / greatest(1, sum(n_dead_tup) + sum(n_live_tup)) FROM pg_stat_user_tables)
"""


def sample(system: Installation) -> Sample:
    """Everything but the rate of requests. Memory is PSS, in MB: what processes share is shared out among them."""
    found: dict[str, float] = {}
    for name in PROCESSES:
        program = system.programs[name]
        pids = [program.pid, *program.children]
        found[f"memory of {name}"] = _megabytes(pids)
        found[f"open files of {name}"] = sum(_open_files(pid) for pid in pids)
    connections, age, rows, dead = system.query(_DATABASE)[0]
    found |= {
        "connections to PostgreSQL": float(connections),
        "age of the outbox": float(age),
        "rows kept to be purged": float(rows),
        "dead rows": float(dead),
    }
    return found | _redis(system)


def _redis(system: Installation) -> Sample:
    with redis.Redis.from_url(system.valkey.url) as client:
        said: Any = client.info()
        keys: Any = client.dbsize()
        return {
            "memory of redis": said["used_memory"] / 1e6,
            "connections to Redis": said["connected_clients"] - 1,
            "keys in Redis": keys,
        }


def _megabytes(pids: Iterable[int]) -> float:
    return sum(_pss(pid) for pid in pids) / 1000


def _pss(pid: int) -> int:
    """In kB; a process that has just ended uses none."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _open_files(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return 0
