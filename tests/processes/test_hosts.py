"""Two hosts of web and two of workers behind one balancer: what one of them knows, the other knows at once."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle

import pytest
from flask import Flask

from devstack.ports import free_port
from devstack.server import wait_until
from oms.ids import new_id
from tests.callers import person
from tests.conftest import Servers
from tests.floor import applications
from tests.floor.topics import NEW_ORDER, ORDER_EVENTS, Listener
from tests.processes.conftest import READY_SECONDS, Stack
from tests.processes.programs import Client

LIMIT = 20


@dataclass
class Hosts:
    """The same caller at both."""

    one: Client
    other: Client

    def balanced(self) -> Iterator[Client]:
        return cycle((self.one, self.other))


@pytest.fixture(scope="module")
def ports(stack: Stack) -> tuple[int, int]:
    """Where two gunicorns listen, beside which two workers run."""
    found = (free_port(), free_port())
    for port in found:
        stack.start("web", PORT=str(port), WEB_CONCURRENCY="1", RATELIMIT_DEFAULT=f"{LIMIT}/minute")
        stack.start("worker")
    assert wait_until(lambda: all(Client(port, {}).is_ready() for port in found), READY_SECONDS)
    return found


@pytest.fixture
def hosts(app: Flask, servers: Servers, stack: Stack, ports: tuple[int, int]) -> Hosts:
    """For a new customer."""
    own = {name: stack.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    with applications.another(app, servers, **own) as made:
        headers = person(made, "customer").headers
    return Hosts(Client(ports[0], headers), Client(ports[1], headers))


def test_a_token_is_good_everywhere_until_one_of_them_ends_it(hosts: Hosts) -> None:
    assert [host.call("GET", "/auth/me").status for host in (hosts.one, hosts.other, hosts.one)] == [200] * 3
    assert hosts.other.call("POST", "/auth/logout").status == 204
    assert [host.call("GET", "/auth/me").status for host in (hosts.one, hosts.other)] == [401, 401]


def test_a_key_used_at_both_at_once_has_one_effect(hosts: Hosts) -> None:
    key = new_id()

    def order(host: Client) -> bytes:
        return host.insist("POST", "/orders", {"items": {"tea": 1}}, key).body

    with ThreadPoolExecutor(6) as threads:
        answers = set(threads.map(order, [hosts.one, hosts.other] * 3))
    assert len(answers) == 1
    assert len(hosts.one.call("GET", "/orders").json["orders"]) == 1


def test_both_count_into_one_limit(hosts: Hosts) -> None:
    asked = [host.call("GET", "/orders").status for host, _ in zip(hosts.balanced(), range(LIMIT + 2), strict=False)]
    assert asked == [200] * LIMIT + [429] * 2


def test_a_change_at_one_is_read_at_the_other_at_once(hosts: Hosts) -> None:
    path = hosts.one.call("POST", "/orders", {"items": {"tea": 1}}).headers["Location"]
    for version, (host, reader) in enumerate([(hosts.one, hosts.other), (hosts.other, hosts.one)] * 3, 2):
        reader.call("GET", path)  # so that it is warm
        assert host.call("PUT", path, {"metadata": {"try": version}}).status == 200
        read = reader.call("GET", path).json
        assert (read["version"], read["metadata"]) == (version, {"try": version})


def test_two_workers_send_every_event_once(hosts: Hosts, stack: Stack, servers: Servers) -> None:
    with Listener(servers.kafka.url, ORDER_EVENTS, NEW_ORDER) as listener:
        asked = zip(hosts.balanced(), range(LIMIT), strict=False)
        orders = [host.call("POST", "/orders", {"items": {"tea": 1}}).json["order_id"] for host, _ in asked]
        query = "SELECT array_agg(event_id) FROM outbox_events WHERE order_id = ANY(:ids)"
        ids = stack.scalar(query, ids=orders)
        assert isinstance(ids, list)
        heard = Counter(message.id for message in listener.wait_for_ids(ids))
    assert {event_id: heard[event_id] for event_id in ids} == dict.fromkeys(ids, 1)
    left = "SELECT count(*) FROM outbox_events WHERE order_id = ANY(:ids) AND published_at IS NULL"
    assert wait_until(lambda: stack.scalar(left, ids=orders) == 0, 10)
