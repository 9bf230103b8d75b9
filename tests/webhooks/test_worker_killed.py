"""The worker of webhooks as a process, killed while a receiver is slow to answer."""

from collections.abc import Iterator

import pytest

from devstack.server import wait_until
from oms.extensions import settings
from tests.conftest import Servers
from tests.processes.programs import Program
from tests.webhooks.hooks import KEY, Hooks
from tests.webhooks.receivers import Receiver


@pytest.fixture
def workers(hooks: Hooks, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Program]]:
    """Starts none; ends those that are put in."""
    made: list[Program] = []
    yield made
    for program in made:
        program.end()


def environ(servers: Servers) -> dict[str, str]:
    chosen = settings()
    return servers.process_environ(
        DATABASE_URL=chosen.database_url,
        REDIS_URL=chosen.redis_url,
        WEBHOOK_ENCRYPTION_KEYS=KEY,
        WEBHOOK_ALLOW_HTTP="YES",
        WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
    )


def test_what_a_killed_worker_was_sending_is_sent_by_the_next(
    hooks: Hooks, receiver: Receiver, servers: Servers, workers: list[Program], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("workers")
    receiver.hang()
    endpoint = hooks.endpoint(receiver)
    event_id = hooks.post(endpoint, "test").get_json()["event_id"]
    workers.append(Program("webhooks", environ(servers), folder / "first.log"))
    receiver.wait_for(1, 60)
    workers[0].kill()
    receiver.release()
    assert hooks.deliveries(endpoint)[0]["status"] == "waiting"
    hooks.make_due()  # as it is when its claim runs out
    hooks.ring()  # as the clock does
    workers.append(Program("webhooks", environ(servers), folder / "second.log"))
    assert wait_until(lambda: hooks.deliveries(endpoint)[0]["status"] == "delivered", 60), workers[1].printed
    assert receiver.ids() == [event_id, event_id]
