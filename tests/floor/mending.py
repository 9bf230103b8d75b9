"""Servers that a test has broken, put right again for the tests after it."""

from flask import Flask

from devstack.server import Server, wait_until
from oms import redis_guard
from oms.extensions import db, queue_connection, redis_client
from oms.web.rate_limits import limiter
from tests.brokers import SomebodyElses
from tests.conftest import Servers


def mend_redis(app: Flask, servers: Servers) -> None:
    """Running, answering, and known to be by this process."""
    if _runs(servers.valkey):
        servers.valkey.resume()
    else:
        servers.valkey.start()
    assert wait_until(servers.valkey.is_ready, 30)
    redis_guard.breaker.reset()
    limiter._storage_dead = False
    with app.app_context():
        for client in (redis_client(), queue_connection()):
            client.connection_pool.disconnect()


def mend_postgres(app: Flask, servers: Servers) -> None:
    if _runs(servers.postgres):
        servers.postgres.resume()
    else:
        servers.postgres.start()
    assert wait_until(servers.postgres.is_ready, 30)
    with app.app_context():
        db.engine.dispose()


def _runs(server: Server) -> bool:
    try:
        return server.pid > 0
    except RuntimeError:
        return False


def mend_kafka(servers: Servers) -> None:
    """Answering; the broker takes `up` only after `down`."""
    if isinstance(servers.kafka, SomebodyElses):
        return
    if _runs(servers.kafka):
        servers.kafka.resume()
    if not servers.kafka.is_ready():
        servers.kafka.up()
