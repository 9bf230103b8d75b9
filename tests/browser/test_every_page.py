"""Every page in light and dark, wide and narrow: nothing in the browser's log, nothing for axe, nothing cut off.

The pictures are kept in build/screenshots, for people to look at.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, Desk
from tests.browser.shop import LONG, Shop

AXE = (Path(__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1440, 360)]
Steps = Callable[[Page], None]


def nothing(_: Page) -> None:
    """The page as it comes."""


def narrow(page: Page) -> None:
    page.locator("summary", has_text="Filters").click()


def tick(page: Page) -> None:
    for box in page.get_by_role("checkbox", name="Select SHOP").all()[:3]:
        box.check()


def cancel_some(page: Page) -> None:
    page.get_by_role("link", name="Cancel order").click()
    page.get_by_role("dialog").get_by_label("Some units").check()


def refund(page: Page) -> None:
    page.get_by_role("link", name="Refund").click()
    expect(page.get_by_role("dialog")).to_be_visible()


# What each picture is of: the address, and what somebody does there first.
PAGES: dict[str, tuple[str, Steps]] = {
    "orders": ("/console/orders", nothing),
    "orders-filters": ("/console/orders?status=packed", narrow),
    "orders-none": ("/console/orders?q=no-such-thing", nothing),
    "orders-ticked": ("/console/orders", tick),
    "order-long": (f"/console/orders/{LONG}", nothing),
    "orders-long": (f"/console/orders?q={LONG}", nothing),
    "order-long-cancel": (f"/console/orders/{LONG}/cancel", nothing),
    "order-late": ("/console/orders/SHOP-2041", nothing),
    "order-return": ("/console/orders/SHOP-2043", nothing),
    "order-cancel-dialog": ("/console/orders/SHOP-2041", cancel_some),
    "order-refund-dialog": ("/console/orders/SHOP-2042", refund),
    "order-cancel": ("/console/orders/SHOP-2041/cancel", nothing),
    "order-return-form": ("/console/orders/SHOP-2042/return", nothing),
    "bulk-preview": ("/console/bulk?status=delivered&order=SHOP-2041&order=SHOP-2042&order=SHOP-2043", nothing),
}


@pytest.mark.parametrize("name", PAGES)
def test_it_looks_right_and_is_accessible(
    name: str, sit_down: Callable[..., Desk], shop: Shop, record_property: Callable[[str, Any], None]
) -> None:
    path, steps = PAGES[name]
    for scheme, width in LOOKS:
        page = sit_down(color_scheme=scheme, viewport={"width": width, "height": 900}).open(path)
        if name == "orders-filters":
            page.locator("details.narrow[open] summary").click()
        steps(page)
        keep(page, f"{name}-{scheme}-{width}")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_the_form_to_sign_in_does_too(scheme: Any, width: int, sit_down: Callable[..., Desk]) -> None:
    desk = sit_down(color_scheme=scheme, viewport={"width": width, "height": 900})
    desk.page.context.clear_cookies()
    keep(desk.open("/console/orders"), f"sign-in-{scheme}-{width}")


def test_so_does_a_page_that_is_not_there(sit_down: Callable[..., Desk]) -> None:
    for scheme, width in LOOKS:
        desk = sit_down(color_scheme=scheme, viewport={"width": width, "height": 900})
        keep(desk.open("/console/nowhere"), f"not-found-{scheme}-{width}")
        assert [said for said in desk.wrong if "404" not in said] == []
        desk.wrong.clear()


def keep(page: Page, name: str) -> None:
    """Take the picture, and have axe look at the page."""
    page.evaluate("document.fonts.ready")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=page.locator("dialog[open]").count() == 0)
    assert violations(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is cut off"


def violations(page: Page) -> list[str]:
    """What axe finds. It is run by the debugger, for the page's own policy lets nothing foreign in."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("Runtime.evaluate", {"expression": f"{AXE};null"})
    run = f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then(found => JSON.stringify(found.violations))"
    answer = debugger.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
    debugger.detach()
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in json.loads(answer["result"]["value"])
        for node in rule["nodes"]
    ]
