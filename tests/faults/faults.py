"""What is broken, one thing after the other. A fault ends whatever it began; `Installation.recover` sees to the rest.

A broker that is started anew is one that lets nobody in and then does again: the broker of the development stack holds
its log in memory, and the loss of what a broker has acknowledged is not the product's to survive.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg2
import redis

from devstack.server import wait_until
from tests.faults.installation import STATEMENT_SECONDS, Installation
from tests.processes.programs import kill

KILLS, KILL_SECONDS = 2, 1.5
OUTAGE_SECONDS = 3
# Longer than an event is tried for (`oms.kafka.DELIVERY_SECONDS`), so that deliveries really fail.
BROKER_SECONDS = 8
ANSWER_SECONDS = 4.0
# The server's limit for a statement, the grace after it, a new connection, and one round of whoever looks at it.
SILENCE_SECONDS = STATEMENT_SECONDS + 2 + 2 + 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """`bound`: no request takes longer, in seconds. `unnoticed`: no request is refused, and all stay as quick."""

    name: str
    inflict: Callable[[Installation], None]
    bound: float = ANSWER_SECONDS
    unnoticed: bool = False


def kill_web_worker(system: Installation) -> None:
    for _ in range(KILLS):
        if children := system.programs["web"].children:
            kill(children[0])
        system.under_load(KILL_SECONDS)


def killer(name: str) -> Callable[[Installation], None]:
    """kill -9 for the process itself; what is below it has to find out."""

    def inflict(system: Installation) -> None:
        for _ in range(KILLS):
            program = system.programs[name]
            kill(program.pid)
            program.wait()
            system.under_load(KILL_SECONDS)

    return inflict


def stop_postgres(system: Installation) -> None:
    system.postgres.stop()
    system.under_load(OUTAGE_SECONDS)
    system.postgres.start()


def crash_postgres(system: Installation) -> None:
    system.postgres.kill()
    system.under_load(1)
    system.postgres.start()


def pause_postgres(system: Installation) -> None:
    system.postgres.pause()
    try:
        system.under_load(SILENCE_SECONDS)
    finally:
        system.postgres.resume()


def terminate_backends(system: Installation) -> None:
    connection = psycopg2.connect(system.postgres.url, application_name="axe")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for _ in range(8):
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'oms'")
            system.under_load(0.5)
    connection.close()


def cut_commits(system: Installation) -> None:
    system.wire.cutting.set()
    try:
        system.under_load(6)
    finally:
        system.wire.cutting.clear()


def slow_wire(system: Installation) -> None:
    system.wire.slow.set()
    try:
        system.under_load(4)
    finally:
        system.wire.slow.clear()


def half_close(system: Installation) -> None:
    for _ in range(4):
        system.wire.half_close()
        system.under_load(1)


def swallow(system: Installation) -> None:
    system.wire.swallow()
    system.under_load(SILENCE_SECONDS)


def stop_redis(system: Installation) -> None:
    system.valkey.stop()
    system.under_load(OUTAGE_SECONDS)
    system.valkey.start()


def crash_redis(system: Installation) -> None:
    system.valkey.kill()
    system.under_load(1)
    system.valkey.start()


def pause_redis(system: Installation) -> None:
    system.valkey.pause()
    try:
        system.under_load(OUTAGE_SECONDS)
    finally:
        system.valkey.resume()


def flush_redis(system: Installation) -> None:
    with redis.Redis.from_url(system.valkey.url) as client:
        for _ in range(6):
            client.flushall()
            system.under_load(0.5)


def close_kafka(system: Installation) -> None:
    system.kafka.down()
    try:
        system.under_load(BROKER_SECONDS)
    finally:
        system.kafka.up()
    wait_until(system.kafka.is_ready, 10)


def pause_kafka(system: Installation) -> None:
    system.kafka.pause()
    try:
        system.under_load(BROKER_SECONDS)
    finally:
        system.kafka.resume()


FAULTS = (
    Fault("web worker killed", kill_web_worker),
    Fault("gunicorn killed", killer("web")),
    Fault("worker killed", killer("worker"), unnoticed=True),
    Fault("stream killed", killer("stream"), unnoticed=True),
    Fault("bulk killed", killer("bulk"), unnoticed=True),
    Fault("webhooks killed", killer("webhooks"), unnoticed=True),
    Fault("consumer killed", killer("consumer"), unnoticed=True),
    Fault("clock killed", killer("clock"), unnoticed=True),
    Fault("postgres stopped", stop_postgres),
    Fault("postgres killed", crash_postgres),
    Fault("postgres paused", pause_postgres, bound=SILENCE_SECONDS + 1),
    Fault("backends ended", terminate_backends),
    Fault("commits cut", cut_commits),
    Fault("wire slow", slow_wire),
    Fault("wire half closed", half_close),
    Fault("wire swallows", swallow, bound=SILENCE_SECONDS + 1),
    Fault("redis stopped", stop_redis, unnoticed=True),
    Fault("redis killed", crash_redis, unnoticed=True),
    Fault("redis paused", pause_redis, unnoticed=True),
    Fault("redis flushed", flush_redis, unnoticed=True),
    Fault("broker away", close_kafka, unnoticed=True),
    Fault("broker paused", pause_kafka, unnoticed=True),
)
