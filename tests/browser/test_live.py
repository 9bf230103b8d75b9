"""The page of an order in a real browser, while others change the order."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from devstack.ports import free_port
from devstack.server import wait_until
from tests.browser.conftest import Desk
from tests.browser.shop import Shop
from tests.factories import url
from tests.processes.conftest import Stack
from tests.processes.programs import Client

HIDE = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
TURN = HIDE + "; document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture(scope="module")
def stream(shop: Shop, stack: Stack) -> Iterator[str]:
    """Where the process of live updates is."""
    port = free_port()
    program = stack.start("stream", STREAM_PORT=str(port))
    assert wait_until(lambda: Client(port, {}).is_ready() or not program.is_running, 60)
    assert program.is_running, program.printed
    yield f"http://127.0.0.1:{port}"
    program.end()


def pack(shop: Shop, order_id: str) -> None:
    assert shop.manager.patch(url({"order_id": order_id}), {"status": "packed"}).status_code == 200


def shows(page: Page, status: str) -> None:
    expect(page.locator(".order-state .badge").first).to_have_text(status)


def open_through_proxy(desk: Desk, shop: Shop, stream: str, order_id: str) -> Page:
    """As behind a proxy that leads this address to the process of live updates."""

    def lead(route: Route) -> None:
        route.continue_(url=route.request.url.replace(shop.base, stream))

    desk.page.route(f"**/console/orders/{order_id}/events", lead)
    with desk.page.expect_response(f"**/console/orders/{order_id}/events") as found:
        page = desk.open(f"/console/orders/{order_id}")
    assert found.value.status == 200
    return page


def test_the_page_shows_what_happens_while_it_happens(desk: Desk, shop: Shop, stream: str) -> None:
    order_id = shop.order()
    page = open_through_proxy(desk, shop, stream, order_id)
    shows(page, "Confirmed")
    page.get_by_role("link", name="Add note").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").first.fill("Called at noon")
    pack(shop, order_id)
    shows(page, "Packed")
    expect(dialog.get_by_role("textbox").first).to_have_value("Called at noon")
    desk.page.goto("about:blank")


def test_without_a_stream_the_page_asks_now_and_then_and_not_while_nobody_sees_it(desk: Desk, shop: Shop) -> None:
    order_id = shop.order()
    desk.page.clock.install()
    with desk.page.expect_response(f"**/console/orders/{order_id}/events") as found:
        page = desk.open(f"/console/orders/{order_id}")
    assert found.value.status == 204
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(TURN % "true")
    page.clock.run_for(120_000)
    assert asked == []
    pack(shop, order_id)
    page.evaluate(TURN % "false")
    shows(page, "Packed")
    asked.clear()
    with page.expect_request(f"**/console/orders/{order_id}") as request:
        page.clock.run_for(31_000)
    assert request.value.headers["console-poll"] == "1"
