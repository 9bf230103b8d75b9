"""How large a process of the API becomes with the requests it has answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import load, runs
from bench.scenarios import MIXED, WEB
from bench.shop import Shop
from devstack.server import descendants

CHUNK_SECONDS = 5
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Size:
    """`requests` that each process has answered, on average, and the resident megabytes of the largest."""

    requests: int
    megabytes: float


def soak(shop: Shop, requests: int) -> Iterator[Size]:
    """The sizes while each process answers so many requests of the mixture. Ends early when gunicorn replaces one."""
    workers = _workers(shop)
    answered = 0
    while answered < requests * len(workers):
        templates = MIXED.prepare(shop, CHUNK_SECONDS)
        answered += load.run(shop.stack.ports[WEB], templates, CONNECTIONS, CHUNK_SECONDS).requests
        runs.settle(shop)
        if _workers(shop) != workers:
            return
        yield Size(answered // len(workers), max(_megabytes(pid) for pid in workers))


def _workers(shop: Shop) -> list[int]:
    return sorted(descendants(shop.stack.processes[WEB].pid))


def _megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
