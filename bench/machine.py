"""The machine and what runs on it, as far as they decide how quick anything is."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from bench.stack import Stack

_LIBRARIES = ("Flask", "gunicorn", "SQLAlchemy", "psycopg2-binary", "redis", "confluent-kafka", "orjson")


def describe(stack: Stack) -> dict[str, str]:
    """By name: processor, kernel, versions, and the settings of PostgreSQL that a commit's price hangs on."""
    durability = {name: stack.query(f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit")}
    return {
        "processor": f"{os.cpu_count()} x {_model()}",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "PostgreSQL": stack.query("SHOW server_version")[0][0],
        **durability,
        "Valkey": _valkey(stack),
        **{name: version(name) for name in _LIBRARIES},
        "web": f"{os.environ.get('WEB_CONCURRENCY') or 2} processes of {os.environ.get('WEB_THREADS') or 8} threads",
    }


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def _valkey(stack: Stack) -> str:
    client = stack.redis()
    told = client.info("server")
    client.close()
    return str(told.get("valkey_version") or told["redis_version"])
