"""What of a span leaves the process: no addresses, no search terms, no texts of errors. And which spans there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, Status, TraceState
from opentelemetry.util.types import Attributes

_DROPPED = frozenset(
    {
        "client.address",
        "client.port",
        "enduser.id",
        "exception.message",
        "exception.stacktrace",
        "http.client_ip",
        "http.user_agent",
        "net.peer.ip",
        "network.peer.address",
        "url.query",
        "user_agent.original",
    }
)
# They end in what was asked for, such as a customer's telephone number.
_CUT_AT_QUERY = frozenset({"http.target", "http.url", "url.full"})


class ScrubbingExporter(SpanExporter):
    """Hands on spans without what may be about a person. An error keeps its type; its text may hold a row's values."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([_scrubbed(span) for span in spans])

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


class LoneClientsOut(Sampler):
    """No trace begins with a query or a command: that is a process looking whether there is something to do."""

    def __init__(self, inner: Sampler) -> None:
        self._inner = inner

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        parent = trace.get_current_span(parent_context).get_span_context()
        if kind is SpanKind.CLIENT and not parent.is_valid:
            return SamplingResult(Decision.DROP)
        return self._inner.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"LoneClientsOut({self._inner.get_description()})"


def _scrubbed(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_without_people(span.attributes),
        events=[Event(event.name, _without_people(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _without_people(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: value.partition("?")[0] if name in _CUT_AT_QUERY and isinstance(value, str) else value
        for name, value in (attributes or {}).items()
        if name not in _DROPPED
    }
