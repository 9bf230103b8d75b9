"""A shop behind the real web process and worker, and a browser in front of it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState, expect, sync_playwright

from tests.browser.shop import Shop, fill_shop
from tests.conftest import Servers
from tests.console.visitors import PASSWORD, account
from tests.floor import applications
from tests.processes.conftest import Stack, stack
from tests.webhooks.hooks import KEY

__all__ = ["stack"]

SCREENSHOTS = Path(__file__).parent.parent.parent / "build/screenshots"
WEBHOOKS = {"WEBHOOK_ALLOW_HTTP": "YES", "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8", "WEBHOOK_ENCRYPTION_KEYS": KEY}
CHROMIUM = shutil.which("chromium")
# How long something may take to appear on a machine that has other things to do.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Desk:
    """Where somebody of the staff sits: a page of a browser that is signed in, and what went wrong in it."""

    page: Page
    base: str
    wrong: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page


@pytest.fixture(scope="module")
def shop(app: Flask, servers: Servers, stack: Stack) -> Iterator[Shop]:
    """Orders in every state, and two people: one of the staff and an admin."""
    stack.start_web(RATELIMIT_LOGIN_ACCOUNT="1000/minute", RATELIMIT_CONSOLE="10000/minute", **WEBHOOKS)
    stack.start("worker")
    own = {name: stack.environ[name] for name in ("DATABASE_URL", "REDIS_URL")} | WEBHOOKS
    with applications.another(app, servers, **own) as made:
        staff, admin = account(made, "staff"), account(made, "admin")
        yield fill_shop(made, f"http://127.0.0.1:{stack.client.port}", staff.email, admin.email)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not here (apt-get install chromium)")
    # Containers have no namespaces for its sandbox, and it meets nothing but our own pages.
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, shop: Shop) -> StorageState:
    """The cookies of the admin, who sees every page."""
    context = browser.new_context()
    sign_in(context.new_page(), shop, shop.admin)
    state = context.storage_state()
    context.close()
    return state


def sign_in(page: Page, shop: Shop, email: str) -> None:
    page.goto(f"{shop.base}/console/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1).wait_for()


@pytest.fixture
def sit_down(browser: Browser, shop: Shop, signed_in: StorageState) -> Iterator[Callable[..., Desk]]:
    """A function that opens a desk; what its browser complained about fails the test at the end."""
    desks: list[tuple[BrowserContext, Desk]] = []

    def open_desk(**options: Any) -> Desk:
        context = browser.new_context(storage_state=signed_in, **options)
        context.set_default_timeout(PATIENCE_MS)
        desk = Desk(context.new_page(), shop.base, [])
        desk.page.on("console", lambda said: _note(desk, said.type, said.text))
        desk.page.on("pageerror", lambda error: desk.wrong.append(str(error)))
        desks.append((context, desk))
        return desk

    yield open_desk
    for context, _ in desks:
        context.close()
    assert [desk.wrong for _, desk in desks if desk.wrong] == []


def _note(desk: Desk, kind: str, said: str) -> None:
    if kind in ("error", "warning"):
        desk.wrong.append(said)


@pytest.fixture
def desk(sit_down: Callable[..., Desk]) -> Desk:
    return sit_down(viewport={"width": 1440, "height": 900})
