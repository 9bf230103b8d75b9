"""What the alert rules and the dashboard ask Prometheus."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser
import yaml

from tests.deployment import files

RULES = files.ROOT / "ops/prometheus/alerts.yml"
SCRAPES = files.ROOT / "ops/prometheus/prometheus.yml"
DASHBOARD = files.ROOT / "ops/grafana/oms.json"


@dataclass(frozen=True, slots=True)
class Selected:
    """A metric that an expression selects: the labels it is narrowed down by, with their values, and grouped by."""

    metric: str
    values: tuple[tuple[str, str], ...]
    labels: frozenset[str]


def alerts() -> list[Any]:
    """All rules as they are written."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def targets() -> Iterator[tuple[str, str]]:
    """(expression, legend) of every query of the dashboard."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "5m"), target["legendFormat"]


def expressions() -> list[str]:
    return [*(alert["expr"] for alert in alerts()), *(expression for expression, _ in targets())]


def selected(expression: str) -> list[Selected]:
    """Raises ValueError where it can't be parsed."""
    return list(_selected(promql_parser.parse(expression), frozenset()))


def _selected(node: Any, grouped: frozenset[str]) -> Iterator[Selected]:
    if isinstance(node, promql_parser.VectorSelector):
        matchers = [(matcher.name, matcher.value) for matcher in node.matchers.matchers]
        yield Selected(node.name, tuple(matchers), grouped | {name for name, _ in matchers})
        return
    if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
        grouped |= set(node.modifier.labels)
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        if below := getattr(node, name, None):
            yield from _selected(below, grouped)
    for argument in getattr(node, "args", None) or ():
        yield from _selected(argument, grouped)
