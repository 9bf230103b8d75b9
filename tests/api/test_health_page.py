"""`/health` for people, and for everybody else the JSON it always was."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask import Flask

from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


class Page(HTMLParser):
    """The words of a page, and what it would load or run."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data.split()


@pytest.fixture(scope="module")
def crippled(app: Flask, servers: Servers) -> Iterator[Caller]:
    """A caller of an application whose Redis is away."""
    with applications.another(app, servers, REDIS_URL="redis://127.0.0.1:1/0") as made:
        yield Caller(made, {}, "")


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/html;q=0.5"])
def test_programs_get_json(anonymous: Caller, accept: str | None) -> None:
    response = anonymous.get("/health", headers={"Accept": accept} if accept else {})
    assert response.content_type == "application/json"
    assert response.vary.as_set() == {"accept"}


def test_a_browser_gets_a_page_that_says_it_in_words(anonymous: Caller, crippled: Caller) -> None:
    page = Page(anonymous.get("/health", headers={"Accept": BROWSER}).text)
    assert {"PostgreSQL", "Redis", "Kafka", "Events", "ok"} <= set(page.words)
    troubled = crippled.get("/health", headers={"Accept": BROWSER})
    assert troubled.status_code == 200
    assert {"Degraded", "down"} <= set(Page(troubled.text).words)
    assert "Requests are served from PostgreSQL" in troubled.text


def test_the_page_keeps_its_own_policy_with_nothing_inline(anonymous: Caller) -> None:
    response = anonymous.get("/health", headers={"Accept": BROWSER})
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    page = Page(response.text)
    assert not [tag for tag, attributes in page.tags if tag in ("script", "style") or "style" in attributes]
    (sheet,) = [attributes["href"] for _, attributes in page.tags if attributes.get("rel") == "stylesheet"]
    assert sheet
    css = anonymous.get(sheet)
    assert css.content_type == "text/css; charset=utf-8"
    classes = {attributes["class"] for _, attributes in page.tags if attributes.get("class")}
    assert classes <= set(re.findall(r"\.([a-z]+)\b", css.text))


def test_without_a_database_the_page_is_503_and_says_so(app: Flask, servers: Servers) -> None:
    with applications.another(app, servers, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none") as made:
        response = made.test_client().get("/health", headers={"Accept": BROWSER})
    assert response.status_code == 503
    assert "Down" in Page(response.text).words
