"""The served OpenAPI document against the API, by an engine that reads nothing else: examples, edge cases of every
schema, missing and wrong credentials, methods nobody declared, random requests, and chains of them that follow the ids
from one answer into the next.

Every check it has is on. It has a database of its own: what it sends follows from the seed and from what is stored.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis import engine
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.run import PhaseName
from schemathesis.transport.wsgi import WSGITransport

from tests.callers import person
from tests.conftest import Servers
from tests.floor import applications
from tests.floor.databases import own_database

SEED = 20260101
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "429"]
# A body that fits its schema can still break a rule about sums or about what is stored: more than is due, for example.
# And what is not signed is refused, whatever it says; so are hosts that nobody knows, for webhooks.
ALSO_ACCEPTED = {"/(orders|create_order|update_|webhooks)": "422", "/payment-events/": "400"}
OF_SOCKETS = ("max_redirects", "verify", "cert", "proxies")
# Which of its phases it goes through as whom, and how many requests each is made of at the least.
PHASES = {"staff": {"coverage": 3000, "stateful": 200}, "customer": {"examples": 30, "fuzzing": 200, "stateful": 200}}


@pytest.fixture(scope="module")
def shop(app: Flask, servers: Servers) -> Iterator[Flask]:
    with (
        own_database(app, servers) as url,
        applications.another(
            app, servers, DATABASE_URL=url, REDIS_URL=f"redis://127.0.0.1:{servers.valkey.port}/2"
        ) as made,
    ):
        yield made


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its probe without credentials hands an option of sockets to the transport that has none, which chokes on it."""
    send = WSGITransport.send

    def sent(self: WSGITransport, case: Any, **options: Any) -> Any:
        return send(self, case, **{name: value for name, value in options.items() if name not in OF_SOCKETS})

    monkeypatch.setattr(WSGITransport, "send", sent)


def accepting(*statuses: str) -> dict[str, Any]:
    return {"positive_data_acceptance": {"expected-statuses": list(statuses)}}


def configuration(shop: Flask, role: str) -> SchemathesisConfig:
    phases: dict[str, Any] = {name: {"enabled": name in PHASES[role]} for name in ("examples", "coverage", "fuzzing")}
    rules = [
        {
            "include-path-regex": f"^{path}",
            "checks": {"positive_data_acceptance": {"expected-statuses": [status, *ACCEPTED]}},
        }
        for path, status in ALSO_ACCEPTED.items()
    ]
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "headers": person(shop, role).headers,
            "generation": {"max-examples": 5, "deterministic": True, "no-shrink": True},
            "phases": {**phases, "stateful": {"max-steps": 12, "generation": {"max-examples": 20}}},
            "checks": accepting(*ACCEPTED),
            "operations": rules,
            "continue-on-failure": True,
        }
    )


def failures(event: ScenarioFinished) -> Iterator[str]:
    """Every check that failed in it: what was asked, and what was answered."""
    for case_id, checks in event.recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                sent = event.recorder.interactions[case_id]
                answer = sent.response.content[:500] if sent.response else b"nothing"
                problem = f"{check.name}: {check.failure_info.failure.message}"
                yield f"{sent.request.method} {sent.request.uri} {sent.request.body!r:.500}\n{problem}\n{answer!r}"


@pytest.mark.timeout(400)  # it goes on for as long as there are examples
@pytest.mark.parametrize("role", PHASES)
def test_the_api_is_what_the_document_says(shop: Flask, role: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", shop, config=configuration(shop, role))
    found: list[str] = []
    sent: dict[PhaseName, int] = {}
    checked: set[str] = set()
    for event in engine.from_schema(schema).execute():
        assert not isinstance(event, FatalError), event
        if isinstance(event, NonFatalError):
            found.append(f"{event.label}: {event.value!r}")
        if isinstance(event, ScenarioFinished):
            found += failures(event)
            sent[event.phase] = sent.get(event.phase, 0) + len(event.recorder.cases)
            checked |= {check.name for checks in event.recorder.checks.values() for check in checks}
    assert not found, "\n\n".join(found)
    assert {name: sent[PhaseName(name)] >= count for name, count in PHASES[role].items()} == dict.fromkeys(
        PHASES[role], True
    ), sent
    assert checked == set(CHECKS.get_all_names())
