"""Kafka: there, with our topics as they should be."""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from oms import kafka
from oms.config import Settings
from oms.doctor.finding import Finding, judged

PATIENCE_SECONDS = 3.0


def examine(settings: Settings) -> Iterator[Finding]:
    admin = AdminClient({**kafka.client_options(settings), "log_level": 0})
    try:
        topics = admin.list_topics(timeout=PATIENCE_SECONDS).topics
    except KafkaException as error:
        yield Finding(
            "warn",
            "Kafka",
            f"no answer ({error.args[0].name()})",
            "orders are accepted and events wait in the outbox; start it or correct KAFKA_BOOTSTRAP_SERVERS",
        )
        return
    yield Finding("ok", "Kafka", "answers")
    missing = sorted(kafka.topics_of(settings) - set(topics))
    yield judged(
        "topics",
        f"missing: {', '.join(missing)}" if missing else "all there",
        well=not missing,
        advice="run: flask --app wsgi oms create-topics",
    )
    known = sorted(kafka.topics_of(settings) & set(topics))
    yield from _partitions(settings, {name: len(topics[name].partitions) for name in known})
    yield from _sizes(admin, known)


def _partitions(settings: Settings, found: dict[str, int]) -> Iterator[Finding]:
    wanted = settings.kafka_topic_partitions
    small = {name: count for name, count in found.items() if count < wanted}
    yield judged(
        "partitions",
        ", ".join(f"{name} {count}" for name, count in small.items()) or f"{wanted} or more each",
        well=not small,
        advice=f"fewer than KAFKA_TOPIC_PARTITIONS ({wanted}): consumers can't be more than partitions; adding some"
        " moves keys to other partitions, so do it while nothing is in flight",
    )


def _sizes(admin: AdminClient, names: list[str]) -> Iterator[Finding]:
    """Whether the largest order fits. A broker that can't say so is not asked twice."""
    asked = admin.describe_configs(
        [ConfigResource(ResourceType.TOPIC, name) for name in names], request_timeout=PATIENCE_SECONDS
    )
    small = []
    try:
        for resource, future in asked.items():
            entries: Any = future.result()
            if int(entries["max.message.bytes"].value) < kafka.MESSAGE_BYTES:
                small.append(resource.name)
    except (KafkaException, KeyError):
        yield Finding("ok", "largest message", "this broker does not say")
        return
    yield judged(
        "largest message",
        f"too small on {', '.join(small)}" if small else f"{kafka.MESSAGE_BYTES} bytes fit",
        well=not small,
        advice=f"set max.message.bytes to {kafka.MESSAGE_BYTES}: events of the largest orders are refused otherwise",
    )
