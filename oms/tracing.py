"""OpenTelemetry traces: from the request through SQL, Redis, the outbox and Kafka's headers into the consumer.

Loaded only where an exporter is configured; without it nothing here exists, and no other module knows of it. Flask,
SQLAlchemy, Redis and urllib3 are traced by OpenTelemetry's own instrumentations, the way through Kafka by hand.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from flask import Flask
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from rq.job import Job
from wrapt import wrap_function_wrapper

from oms import __version__, kafka
from oms.config import Settings
from oms.consumer import loop, processing
from oms.consumer.processing import Handler
from oms.consumer.received import Received, text_of
from oms.extensions import db
from oms.kafka import Delivery, Record
from oms.span_privacy import LoneClientsOut, ScrubbingExporter

# Asked every few seconds by machines.
_PROBES = "/health,/metrics"
_W3C = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("oms")


def bind_tracing(app: Flask, settings: Settings) -> None:
    """Trace this process; call it before anything that a request does is bound, and once a process."""
    for name, value in settings.otel.items():
        os.environ.setdefault(name, value)  # the library reads its variables itself, and not from .env
    service = settings.otel.get("OTEL_SERVICE_NAME", "oms")
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": __version__}))
    provider.sampler = LoneClientsOut(provider.sampler)
    provider.add_span_processor(BatchSpanProcessor(ScrubbingExporter(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    FlaskInstrumentor().instrument_app(app, excluded_urls=_PROBES, enable_commenter=False)  # type: ignore[no-untyped-call]
    app.before_request(_remember_for_events)
    with app.app_context():
        SQLAlchemyInstrumentor().instrument(engines=list(db.engines.values()))
    for name in ("oms_redis", "oms_queue_redis"):
        RedisInstrumentor.instrument_client(app.extensions[name])
    URLLib3Instrumentor().instrument()
    wrap_function_wrapper(Job, "perform", _traced_job)
    wrap_function_wrapper(kafka.Publisher, "send", _traced_send)
    wrap_function_wrapper(loop, "handlers", _traced_handlers)
    wrap_function_wrapper(processing.Processing, "_run", _traced_batch)


def _traceparent() -> str:
    """The current span as W3C's header."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get("traceparent", "")


def _remember_for_events() -> None:
    """The outbox takes the trace of an event from the context of the log, and so does every line."""
    if found := _traceparent():
        structlog.contextvars.bind_contextvars(traceparent=found)


def _traced_job(perform: Callable[..., Any], job: Job, args: Any, kwargs: Any) -> Any:
    with _tracer.start_as_current_span(f"job {str(job.func_name).rpartition('.')[2]}", kind=SpanKind.CONSUMER):
        return perform(*args, **kwargs)


def _traced_send(
    send: Callable[[Iterable[Record]], list[Delivery]], _: Any, args: Sequence[Any], __: Any
) -> list[Delivery]:
    """A span for each event, in the trace of the request that caused it, with a link to the job that sends it."""
    records: list[Record] = list(args[0])
    here = trace.get_current_span().get_span_context()
    links = [Link(here)] if here.is_valid else []
    spans = [_producer_span(record, links) for record in records]
    ended = send([_with_span(record, span) for record, span in zip(records, spans, strict=True)])
    for span, delivery in zip(spans, ended, strict=True):
        if delivery.error:
            span.set_status(StatusCode.ERROR, delivery.error)
        span.end()
    return ended


def _producer_span(record: Record, links: Sequence[Link]) -> trace.Span:
    headers = dict(record.headers)
    cause = _W3C.extract({"traceparent": headers.get("ce_traceparent", "")})
    attributes = _messaging(record.topic, "send", headers.get("ce_id"), record.key)
    return _tracer.start_span(f"send {record.topic}", cause, SpanKind.PRODUCER, attributes, links)


def _with_span(record: Record, span: trace.Span) -> Record:
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, trace.set_span_in_context(span))
    return replace(record, headers=(*record.headers, *carrier.items()))


def _traced_handlers(make: Callable[..., Mapping[str, Handler]], _: Any, args: Any, kwargs: Any) -> dict[str, Handler]:
    return {topic: _traced(handler) for topic, handler in make(*args, **kwargs).items()}


def _traced(handler: Handler) -> Handler:
    """A span for each message, in the trace it brings, with a link to the batch it is worked off in."""

    def handle(session: Any, document: Any, received: Received) -> Any:
        batch = trace.get_current_span().get_span_context()
        brought = text_of(received.headers, "traceparent") or received.traceparent or ""
        with (
            _tracer.start_as_current_span(
                f"process {received.topic}",
                _W3C.extract({"traceparent": brought}),
                SpanKind.CONSUMER,
                _messaging(received.topic, "process", received.event_id),
                [Link(batch)] if batch.is_valid else [],
            ),
            structlog.contextvars.bound_contextvars(traceparent=_traceparent()),
        ):
            return handler(session, document, received)

    return handle


def _traced_batch(run: Callable[..., bool], _: Any, args: Any, kwargs: Any) -> bool:
    with _tracer.start_as_current_span("consume batch"):
        return run(*args, **kwargs)


def _messaging(topic: str, operation: str, event_id: str | None, key: str | None = None) -> dict[str, str]:
    found = {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.type": operation,
        "messaging.message.id": event_id,
        "messaging.kafka.message.key": key,
    }
    return {name: value for name, value in found.items() if value}
