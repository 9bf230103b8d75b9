"""`flask oms create-topics`. The broker of the tests creates topics on first use and knows no request for it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import NewTopic
from flask import Flask

from oms import kafka
from oms.config import Settings
from oms.ids import new_id

Run = Callable[..., Result]
Refusals = dict[str, int]


@pytest.fixture
def create_topics(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command with some settings changed."""

    def run(**changes: Any) -> Result:
        monkeypatch.setitem(app.config, "OMS_SETTINGS", replace(settings, **changes))
        return app.test_cli_runner().invoke(args=["oms", "create-topics"])

    return run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> tuple[list[NewTopic], Refusals]:
    """What a broker that creates topics is asked for, and what it answers for some of them instead of doing it."""
    wanted: list[NewTopic] = []
    refusals: Refusals = {}

    def answer(_: object, topics: list[NewTopic], **__: object) -> "dict[str, Future[None]]":
        wanted.extend(topics)
        answers: dict[str, Future[None]] = {topic.topic: Future() for topic in topics}
        for name, future in answers.items():
            if name in refusals:
                future.set_exception(KafkaException(KafkaError(refusals[name])))
            else:
                future.set_result(None)
        return answers

    monkeypatch.setattr(kafka.AdminClient, "create_topics", answer)
    return wanted, refusals


def test_the_topics_that_are_missing_are_created_with_the_configured_partitions(
    create_topics: Run, asked: tuple[list[NewTopic], Refusals]
) -> None:
    topic = new_id()
    answer = create_topics(
        kafka_new_order_topic=topic,
        kafka_topic_partitions=7,
        kafka_topic_replication=3,
        kafka_topic_retention_hours=2,
    )
    assert (answer.output, answer.exit_code) == (f"created {topic}, {topic}.dlq\n", 0)
    assert [(new.topic, new.num_partitions, new.replication_factor) for new in asked[0]] == [
        (topic, 7, 3),
        (f"{topic}.dlq", 7, 3),
    ]
    assert {new.config["max.message.bytes"] for new in asked[0]} == {str(kafka.MESSAGE_BYTES)}
    assert {new.config["retention.ms"] for new in asked[0]} == {"7200000"}


def test_where_all_are_there_nothing_is_created(create_topics: Run, asked: tuple[list[NewTopic], Refusals]) -> None:
    answer = create_topics()
    assert (answer.output, answer.exit_code) == ("nothing to create\n", 0)
    assert asked[0] == []


def test_a_topic_that_somebody_else_has_just_created_is_no_failure(
    create_topics: Run, asked: tuple[list[NewTopic], Refusals]
) -> None:
    topic = new_id()
    asked[1][topic] = KafkaError.TOPIC_ALREADY_EXISTS
    answer = create_topics(kafka_new_order_topic=topic)
    assert (answer.output, answer.exit_code) == (f"created {topic}.dlq\n", 0)


def test_a_refusal_is_told_by_topic_and_fails_the_command(
    create_topics: Run, asked: tuple[list[NewTopic], Refusals]
) -> None:
    topic = new_id()
    asked[1][topic] = KafkaError.INVALID_REPLICATION_FACTOR
    answer = create_topics(kafka_new_order_topic=topic)
    assert answer.exit_code == 1
    assert answer.output == f"created {topic}.dlq\nError: not created: {topic} (INVALID_REPLICATION_FACTOR)\n"


@pytest.mark.embedded_broker("it knows no request to create a topic")
def test_a_broker_that_can_not_create_topics_is_told(create_topics: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "CREATION_SECONDS", 0.5)
    topic = new_id()
    answer = create_topics(kafka_new_order_topic=topic)
    assert answer.exit_code == 1
    assert answer.output == f"Error: not created: {topic} (_TIMED_OUT), {topic}.dlq (_TIMED_OUT)\n"


def test_a_broker_that_is_away_is_told_in_one_line(create_topics: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "ANSWER_SECONDS", 0.5)
    answer = create_topics(kafka_bootstrap_servers="127.0.0.1:1")
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: Kafka does not answer: _T")
    assert answer.output.count("\n") == 1
