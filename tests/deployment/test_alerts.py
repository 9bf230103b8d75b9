"""The alert rules and the dashboard: each says what to do, and asks for what there is."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from oms.observability import metrics
from tests.deployment import promql
from tests.docs import pages

SEVERITIES = {"page", "ticket"}
CODE = "\n".join(path.read_text() for path in (pages.ROOT / "oms").rglob("*.py"))
NAMES = [alert["alert"] for alert in promql.alerts()]
# Of classes and not of one value.
PATTERNS = {("status", "5.."), ("route", "/health.*|/metrics")}
PROMTOOL = shutil.which("promtool")
DAYS = pages.ROOT / "ops/prometheus/alerts_test.yml"


@pytest.mark.parametrize("alert", promql.alerts(), ids=NAMES)
def test_an_alert_has_a_severity_a_summary_and_a_place_in_the_runbook(alert: dict[str, dict[str, str]]) -> None:
    assert alert["labels"]["severity"] in SEVERITIES
    assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    operations = pages.ROOT / page.removeprefix("https://example.com/oms/")
    assert anchor in pages.anchors(operations)


def test_names_are_told_apart() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 15
    ids = [panel["id"] for panel in json.loads(promql.DASHBOARD.read_text())["panels"]]
    assert len(ids) == len(set(ids))


def test_the_manual_names_every_alert() -> None:
    section = pages.section(pages.ROOT / "docs/operations.md", "Alerts")
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(NAMES)


@pytest.mark.parametrize("expression", promql.expressions())
def test_an_expression_asks_for_values_that_the_product_has(expression: str) -> None:
    jobs = {scrape["job_name"] for scrape in yaml.safe_load(promql.SCRAPES.read_text())["scrape_configs"]}
    for found in promql.selected(expression):
        for name, value in set(found.values) - PATTERNS:
            if name == "job":
                assert value in jobs
                continue
            for word in value.split("|"):
                assert f'"{word}"' in CODE, f"{found.metric} never has {name}={word}"


def test_the_legends_of_the_dashboard_name_labels_that_are_there() -> None:
    for expression, legend in promql.targets():
        grouped = frozenset().union(*(found.labels for found in promql.selected(expression)))
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= grouped, expression


def test_every_metric_of_the_product_is_on_the_dashboard() -> None:
    asked = {found.metric for expression, _ in promql.targets() for found in promql.selected(expression)}
    counted = {
        name
        for metric in vars(metrics).values()
        if (name := getattr(metric, "_name", None)) and isinstance(name, str) and name.startswith("oms_")
    }
    assert counted
    assert {name for name in counted if not any(one.startswith(name) for one in asked)} == set()


@pytest.mark.skipif(PROMTOOL is None, reason="Prometheus is not installed")
def test_prometheus_takes_the_files() -> None:
    assert PROMTOOL
    subprocess.run([PROMTOOL, "check", "rules", promql.RULES], check=True, capture_output=True)
    subprocess.run([PROMTOOL, "check", "config", promql.SCRAPES], check=True, capture_output=True)


@pytest.mark.skipif(PROMTOOL is None, reason="Prometheus is not installed")
def test_alerts_fire_when_they_should_and_only_then() -> None:
    """Days that Prometheus is made to believe, in alerts_test.yml."""
    assert PROMTOOL
    done = subprocess.run([PROMTOOL, "test", "rules", DAYS], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(NAMES) <= set(re.findall(r"alertname=\"(\w+)\"", DAYS.read_text()))
