"""What the real processes tell collectors: traces from a request to the consumer, and the metrics rules ask for."""

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Kind
from prometheus_client import Counter
from redis import Redis

from devstack.ports import free_port
from devstack.server import wait_until
from oms.consumer_lag import KEY
from oms.ids import new_id
from oms.observability import metrics
from tests.conftest import Servers
from tests.deployment import promql
from tests.processes import otlp
from tests.processes.conftest import Stack
from tests.processes.otlp import Receiver, Span

PATIENCE_SECONDS = 60
WORKER_PORT, CONSUMER_PORT = free_port(), free_port()
SKU, PHONE = "ONE-OF-A-KIND-SKU", "+491701234567"


@pytest.fixture(scope="module")
def traced(stack: Stack) -> Iterator[tuple[Stack, Receiver]]:
    """Web, worker and consumer that send their spans to a receiver of the test."""
    with otlp.receiver() as receiver:
        where = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "WORKER_METRICS_PORT": str(WORKER_PORT),
            "CONSUMER_HEALTH_PORT": str(CONSUMER_PORT),
        }
        programs = [
            stack.start_web(OTEL_SERVICE_NAME="web", **where),
            stack.start("worker", OTEL_SERVICE_NAME="worker", **where),
            stack.start("consumer", OTEL_SERVICE_NAME="consumer", **where),
        ]
        yield stack, receiver
        for program in programs:
            program.end()


@pytest.fixture(scope="module")
def trace(traced: tuple[Stack, Receiver]) -> list[Span]:
    """All spans of one order's way, from the shop's own span on."""
    stack, receiver = traced
    trace_id = new_id().encode().hex()[-32:]
    body = {"order_id": new_id(), "items": [{"sku": SKU, "quantity": 1, "unit_price": "3.00"}]}
    body["address"] = {"phone": PHONE}
    answer = stack.client.call("POST", "/orders", body, traceparent=f"00-{trace_id}-00000000000000aa-01")
    assert answer.status == 201, answer

    def complete() -> bool:
        names = {span.name for span in receiver.of(trace_id)}
        return {"POST /orders", "send order-events", "send new_order", "process new_order"} <= names

    assert wait_until(complete, PATIENCE_SECONDS), sorted(span.name for span in receiver.of(trace_id))
    return receiver.of(trace_id)


def named(trace: list[Span], name: str) -> Span:
    (found,) = [span for span in trace if span.name == name]
    return found


def test_one_order_is_one_trace_from_the_request_to_the_consumer(trace: list[Span]) -> None:
    request, sent, processed = (named(trace, name) for name in ("POST /orders", "send new_order", "process new_order"))
    assert [span.service for span in (request, sent, processed)] == ["web", "worker", "consumer"]
    assert [span.kind for span in (request, sent, processed)] == [
        Kind.SPAN_KIND_SERVER,
        Kind.SPAN_KIND_PRODUCER,
        Kind.SPAN_KIND_CONSUMER,
    ]
    assert (request.parent, sent.parent, processed.parent) == ("00000000000000aa", request.id, sent.id)


def test_sql_and_redis_are_below_the_request(trace: list[Span]) -> None:
    request = named(trace, "POST /orders")
    systems = {span.attributes.get("db.system") for span in trace if span.parent == request.id}
    assert {"postgresql", "redis"} <= systems
    statements = [str(span.attributes.get("db.statement", "")) for span in trace if span.parent == request.id]
    assert any("INSERT INTO orders" in statement for statement in statements)


def test_the_sql_of_the_message_is_below_the_message(trace: list[Span]) -> None:
    processed = named(trace, "process new_order")
    assert any(span.parent == processed.id and span.attributes.get("db.system") for span in trace)


def test_what_is_done_for_many_at_once_is_linked(traced: tuple[Stack, Receiver], trace: list[Span]) -> None:
    _, receiver = traced
    linked = {
        "send new_order": "job publish_outbox",
        "process new_order": "consume batch",
    }
    for name, other in linked.items():
        links = named(trace, name).links

        def arrived(links: tuple[tuple[str, str], ...] = links, other: str = other) -> bool:
            return any((span.trace, span.id) in links for span in list(receiver.spans) if span.name == other)

        assert wait_until(arrived, PATIENCE_SECONDS), name


def test_no_trace_begins_with_a_query_and_probes_have_none(traced: tuple[Stack, Receiver], trace: list[Span]) -> None:
    stack, receiver = traced
    stack.client.call("GET", "/health")
    stack.client.call("GET", "/auth/me")
    assert wait_until(lambda: any(span.name == "GET /auth/me" for span in list(receiver.spans)), PATIENCE_SECONDS)
    assert trace
    assert not [span for span in receiver.spans if not span.parent and span.kind == Kind.SPAN_KIND_CLIENT]
    assert not [span for span in receiver.spans if "/health" in span.name]


def test_nothing_about_a_person_is_in_a_span(traced: tuple[Stack, Receiver], trace: list[Span]) -> None:
    stack, receiver = traced
    assert trace
    sought = new_id()
    stack.client.call("GET", f"/orders?q={sought}")
    assert wait_until(lambda: any(span.name == "GET /orders" for span in list(receiver.spans)), PATIENCE_SECONDS)
    for private in (SKU, PHONE, sought, "net.peer.ip", "user_agent"):
        assert private.encode() not in receiver.raw
    assert not [span for span in receiver.spans if span.status_text]


def scraped(traced: tuple[Stack, Receiver]) -> dict[str, set[str]]:
    """Every metric that web, worker and consumer serve, with the labels it has there."""
    stack, _ = traced
    found: dict[str, set[str]] = {}
    for port in (stack.client.port, WORKER_PORT, CONSUMER_PORT):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        for name in re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE):
            found.setdefault(name, set())
        for name, labels in re.findall(r"^(\w+)\{(.*)\} ", text, re.MULTILINE):
            found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def test_rules_and_dashboard_ask_for_metrics_and_labels_that_are_served(
    traced: tuple[Stack, Receiver], trace: list[Span]
) -> None:
    stack, _ = traced
    assert trace
    redis = Redis.from_url(stack.environ["REDIS_URL"])
    assert wait_until(lambda: redis.exists(KEY) == 1, PATIENCE_SECONDS)
    served = scraped(traced)
    for expression in promql.expressions():
        for selected in promql.selected(expression):
            if selected.metric == "up":
                continue
            assert selected.metric in served, expression
            if labels := served[selected.metric] or DEFINED.get(selected.metric, set()):
                assert selected.labels <= labels, expression
            else:
                assert not selected.labels, expression


# Of what has not happened there is no series: the labels as they are defined.
DEFINED = {
    metric._name + "_total": set(metric._labelnames) for metric in vars(metrics).values() if isinstance(metric, Counter)
}


def test_without_an_endpoint_nothing_of_it_is_loaded(servers: Servers) -> None:
    program = (
        "import sys; from oms.app import create_app; create_app();"
        "sys.exit(any(name.startswith(('opentelemetry.instrumentation', 'opentelemetry.exporter', 'oms.tracing',"
        " 'sentry_sdk')) for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=servers.process_environ(), check=False)
    assert done.returncode == 0
