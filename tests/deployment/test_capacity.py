"""The capacity model: it uses every assumption it asks for, and says more for more."""

import runpy
import tomllib
from typing import Any

from tests.deployment.files import ROOT

MODEL = runpy.run_path(str(ROOT / "ops/capacity.py"))
GIVEN: dict[str, dict[str, float]] = tomllib.loads((ROOT / "ops/capacity.toml").read_text())


class Noted(dict[str, Any]):
    """Notes which of its members were asked for."""

    def __init__(self, members: dict[str, Any]) -> None:
        super().__init__(members)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def needs(given: Any, rate: float) -> dict[str, str]:
    return dict(MODEL["needs"](given, rate))


def test_every_assumption_is_used() -> None:
    noted = {group: Noted(members) for group, members in GIVEN.items()}
    needs(noted, 1_000)
    assert {group: set(members) - members.asked for group, members in noted.items()} == {
        group: set() for group in GIVEN
    }


def test_requests_are_counted_for_each_order() -> None:
    assert needs(GIVEN, 1_000)["requests a second"] == "15,000"


def test_it_says_where_more_of_the_same_is_no_help() -> None:
    assert "shards of the outbox" not in needs(GIVEN, 1_000)["workers"]
    assert "shards of the outbox" in needs(GIVEN, 1_000_000)["workers"]


def test_a_column_for_each_rate() -> None:
    lines = MODEL["table"](GIVEN, [10.0, 20.0]).splitlines()
    assert lines[0] == "| | 10 orders/s | 20 orders/s |"
    assert {line.count("|") for line in lines} == {4}


def test_the_page_shows_what_the_model_says() -> None:
    assert MODEL["table"](GIVEN, [1_000, 10_000, 100_000]) in (ROOT / "docs/scaling.md").read_text()
