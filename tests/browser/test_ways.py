"""The console by keyboard alone, without scripts, and when things go wrong."""

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Desk, sign_in
from tests.browser.shop import Shop
from tests.console.visitors import PASSWORD


def test_by_keyboard_alone(desk: Desk, shop: Shop) -> None:
    order_id = shop.order()
    page = desk.open(f"/console/orders?q={order_id}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name=order_id).focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Add note").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(10):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.get_by_role("textbox", name="Note").focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_contain_text("By keyboard")
    page.get_by_role("link", name="Add note").focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Add note")).to_be_focused()


def test_without_scripts(browser: Browser, shop: Shop) -> None:
    order_id = shop.order()
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    sign_in(page, shop, shop.staff)
    page.get_by_label("Search by order").fill(order_id)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=order_id).click()
    page.get_by_role("link", name="Mark as packed").click()
    page.get_by_role("button", name="Mark as packed").click()
    expect(page.get_by_role("status").filter(has_text="The order is packed.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def test_the_menu_of_a_narrow_window(sit_down: Callable[..., Desk]) -> None:
    page = sit_down(viewport={"width": 360, "height": 740}).open("/console/orders")
    button, orders = page.get_by_role("button", name="Menu"), page.get_by_role("navigation", name="Console")
    expect(orders).to_be_hidden()
    button.click()
    expect(orders).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(orders).to_be_hidden()


def test_signing_in_leads_to_the_page_that_was_asked_for(browser: Browser, shop: Shop) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{shop.base}/console/orders/{shop.late}?from=mail")
    page.get_by_label("E-mail address").fill(shop.staff)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(shop.late)
    context.close()


def test_a_session_that_ends_meanwhile_asks_to_sign_in_from_within_a_page(browser: Browser, shop: Shop) -> None:
    context = browser.new_context()
    page, other = context.new_page(), context.new_page()
    sign_in(page, shop, shop.staff)
    other.goto(f"{shop.base}/console/orders")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Search by order").fill("SHOP")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def test_a_server_that_is_away_is_said(desk: Desk) -> None:
    page = desk.open("/console/orders")
    page.route("**/console/orders?*", lambda route: route.abort())
    page.get_by_label("Search by order").fill("SHOP")
    expect(page.get_by_role("status").filter(has_text="The server can't be reached")).to_be_visible()
    desk.wrong.clear()
