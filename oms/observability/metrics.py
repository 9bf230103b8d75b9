"""Prometheus metrics. Under gunicorn every worker writes into `PROMETHEUS_MULTIPROC_DIR` and any of them can answer
for all; what lives in PostgreSQL, Redis or Kafka is read when asked for (`api.probes`)."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("oms_requests_total", "HTTP requests answered.", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "oms_request_seconds",
    "Seconds from the request's arrival in the application to its answer.",
    ("method", "route"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CACHE_READS = Counter("oms_cache_reads_total", "Reads of an order through the cache.", ("result",))
REDIS_FAILURES = Counter("oms_redis_failures_total", "Times Redis was away and the work went on without it.", ("use",))
LIMITER_FALLBACKS = Counter("oms_limiter_fallbacks_total", "Requests counted by this process because Redis was away.")
EVENTS_PUBLISHED = Counter("oms_events_published_total", "Events whose delivery Kafka confirmed.", ("topic",))
EVENTS_FAILED = Counter("oms_events_failed_total", "Deliveries that failed and will be tried again.", ("topic",))
PROVIDER_REQUESTS = Counter(
    "oms_provider_requests_total",
    "Requests to payment providers: ok, refused, unavailable, or closed_off (not sent, after a row of failures).",
    ("provider", "operation", "outcome"),
)
WEBHOOK_ATTEMPTS = Counter(
    "oms_webhook_attempts_total", "Webhooks sent: delivered, postponed (failed, tried again) or given_up.", ("result",)
)
MESSAGES = Counter("oms_consumer_messages_total", "Messages consumed, by how they ended.", ("topic", "outcome"))


def registry() -> CollectorRegistry:
    """The registry to scrape: of all gunicorn workers where they share a folder, else of this process."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    found = CollectorRegistry()
    MultiProcessCollector(found)  # type: ignore[no-untyped-call]  # the library is untyped here
    return found
