"""The tasks of a new support person, each with the clicks it takes; typing is not counted."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SCREENSHOTS, Desk
from tests.browser.shop import PHONE, Shop
from tests.callers import exact
from tests.factories import url

_counted: dict[str, int] = {}


@pytest.fixture(scope="module", autouse=True)
def report() -> Iterator[None]:
    """How many clicks each task took, beside the pictures."""
    yield
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    lines = [f"{clicks:3} {task}" for task, clicks in _counted.items()]
    (SCREENSHOTS / "clicks.txt").write_text("\n".join(lines) + "\n")


class Hand:
    """Clicks, and counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label).select_option(label=option)
        self.clicks += 2

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def link(self, name: str) -> None:
        self.click(self.page.get_by_role("link", name=name, exact=True))


@contextmanager
def task(page: Page, name: str, most: int) -> Iterator[Hand]:
    """A task that may take `most` clicks."""
    hand = Hand(page)
    yield hand
    _counted[name] = hand.clicks
    assert hand.clicks <= most, name


def says(page: Page, text: str) -> None:
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


def order_of(shop: Shop, order_id: str) -> object:
    return exact(shop.manager.get(f"/orders/{order_id}"))


def test_find_an_order_by_its_phone_number_and_see_why_it_is_late(desk: Desk, shop: Shop) -> None:
    page = desk.open("/console/orders")
    with task(page, "find an order by its phone number", 1) as hand:
        page.keyboard.press("/")
        page.keyboard.type(PHONE)
        expect(page.get_by_text("1 order", exact=True)).to_be_visible()
        hand.link(shop.late)
    with task(page, "see why it is late", 0):
        expect(page.get_by_text(re.compile(r"late\. It was to arrive .* and has been packed for"))).to_be_visible()
        expect(page.locator("#timeline")).to_contain_text("Packed at station 4")
    assert page.url.endswith(shop.late)
    page.go_back()
    expect(page.get_by_label("Search by order")).to_have_value(PHONE)


def test_filters_work_while_one_types_and_the_address_can_be_shared(
    desk: Desk, sit_down: Callable[..., Desk], shop: Shop
) -> None:
    page = desk.open("/console/orders")
    with task(page, "list what is packed, and keep that under a name", 5) as hand:
        hand.click(page.locator("summary", has_text="Filters"))
        hand.choose("Status", "Packed")
        expect(page).to_have_url(re.compile(r"\?status=packed$"))
        expect(page.get_by_role("link", name=shop.late)).to_be_visible()
        expect(page.get_by_role("link", name=shop.delivered)).to_have_count(0)
        hand.click(page.locator("summary", has_text="Save this filter"))
        page.get_by_label("Name of the filter").fill("To ship")
        hand.button("Save")
    says(page, "Saved as To ship.")
    expect(page.get_by_role("link", name="To ship", exact=True)).to_have_attribute("aria-current", "true")
    other = sit_down().open(page.url.removeprefix(shop.base))
    expect(other.get_by_role("link", name=shop.late)).to_be_visible()
    page.get_by_role("button", name="Remove the filter To ship").click()
    expect(page.get_by_role("link", name="To ship", exact=True)).to_have_count(0)


def test_cancel_one_line(desk: Desk, shop: Shop) -> None:
    order_id = shop.order()
    page = desk.open(f"/console/orders/{order_id}")
    with task(page, "cancel one line", 5) as hand:
        hand.link("Cancel order")
        hand.click(page.get_by_label("Some units"))
        page.get_by_label("Units to cancel, line 3").fill("1")
        hand.choose("Reason", "Out of stock")
        hand.button("Confirm the cancellation")
    says(page, "The cancellation is done.")
    expect(page.locator("#timeline")).to_contain_text("Out of stock")
    assert [item["cancelled_quantity"] for item in order_of(shop, order_id)["items"]] == [0, 0, 1]  # type: ignore[index]


def test_give_some_money_back(desk: Desk, shop: Shop) -> None:
    order_id = shop.order()
    page = desk.open(f"/console/orders/{order_id}")
    with task(page, "refund an amount", 4) as hand:
        hand.link("Refund")
        page.get_by_role("textbox", name="Amount, USD", exact=True).fill("5.00")
        hand.choose("Reason", "Good will")
        hand.button("Refund")
    says(page, "The refund is on its way.")
    payments = page.get_by_role("region", name="Payments and refunds")
    expect(payments).to_contain_text("5.00")
    with task(page, "refund the price of a unit", 5) as hand:
        hand.link("Refund")
        hand.click(page.get_by_label("The price of some units"))
        page.get_by_label("Units to refund, line 2").fill("1")
        hand.choose("Reason", "Damaged or wrong goods")
        hand.button("Refund")
    expect(payments).to_contain_text("18.00")


def test_too_much_money_is_refused_in_the_dialog_and_what_was_typed_stays(desk: Desk, shop: Shop) -> None:
    page = desk.open(f"/console/orders/{shop.order()}")
    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_role("textbox", name="Amount, USD", exact=True).fill("500")
    page.get_by_label("Reason").select_option("price")
    page.get_by_role("button", name="Refund", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("130.90 can be refunded, not 500.")
    expect(page.get_by_role("dialog").get_by_role("textbox", name="Amount, USD", exact=True)).to_have_value("500")
    assert [said for said in desk.wrong if "422" not in said] == []
    desk.wrong.clear()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_move_an_order_on_and_write_a_note(desk: Desk, shop: Shop) -> None:
    order_id = shop.order()
    page = desk.open(f"/console/orders/{order_id}")
    with task(page, "mark an order as packed", 2) as hand:
        hand.link("Mark as packed")
        hand.button("Mark as packed")
    says(page, "The order is packed.")
    with task(page, "write a note", 2) as hand:
        hand.link("Add note")
        page.get_by_role("textbox", name="Note").fill("The customer calls back tomorrow.")
        hand.button("Add the note")
    expect(page.locator("#timeline")).to_contain_text("The customer calls back tomorrow.")


def test_record_cash(desk: Desk, shop: Shop) -> None:
    page = desk.open(f"/console/orders/{shop.unpaid}")
    with task(page, "record that cash has arrived", 2) as hand:
        hand.link("Capture")
        hand.button("Record the payment")
    says(page, "The payment is recorded.")
    expect(page.locator(".order-state")).to_contain_text("Paid")


def test_goods_that_come_back(desk: Desk, shop: Shop) -> None:
    order_id = shop.order()
    assert shop.manager.patch(f"/orders/{order_id}", {"status": "delivered"}).status_code == 200
    page = desk.open(f"/console/orders/{order_id}")
    with task(page, "announce a return for a customer", 4) as hand:
        hand.link("Ask for a return")
        page.get_by_label("Units to return, line 2").fill("2")
        hand.choose("Reason", "Arrived damaged")
        hand.button("Ask for the return")
    with task(page, "accept it", 2) as hand:
        hand.link("Accept")
        hand.button("Accept")
    with task(page, "receive the goods, of which one is not taken back", 2) as hand:
        hand.link("Receive")
        page.get_by_label("Line 2, of 2").fill("1")
        page.get_by_label("Condition").fill("scratched")
        hand.button("Receive")
    says(page, "The goods are received.")
    expect(page.get_by_role("region", name="Returns")).to_contain_text("1 taken back, scratched")
    expect(page.get_by_role("region", name="Payments and refunds")).to_contain_text("18.00")


def test_many_orders_at_once(desk: Desk, shop: Shop) -> None:
    first, second, shipped = shop.order(), shop.order(), shop.order()
    assert shop.manager.patch(f"/orders/{shipped}", {"status": "shipped"}).status_code == 200
    page = desk.open("/console/orders")
    with task(page, "mark three orders as packed", 7) as hand:
        for order_id in (first, second, shipped):
            hand.click(page.get_by_role("checkbox", name=f"Select {order_id}"))
        expect(page.get_by_text("3 selected")).to_be_visible()
        hand.choose("Mark as", "Packed")
        hand.button("Preview")
        expect(page.get_by_role("row", name=shipped)).to_contain_text("Stays: An order that is shipped")
        hand.button("Mark 2 as packed")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 of 2 orders are packed now")


def test_open_the_invoice(desk: Desk, shop: Shop) -> None:
    page = desk.open(f"/console/orders/{shop.delivered}")
    link = page.get_by_role("link", name=re.compile("^INV-"))
    assert page.request.get(shop.base + str(link.get_attribute("href"))).headers["content-type"] == "application/pdf"


def test_two_people_at_one_order_never_overwrite_each_other(
    desk: Desk, sit_down: Callable[..., Desk], shop: Shop
) -> None:
    order_id = shop.order()
    page, other = desk.open(f"/console/orders/{order_id}"), sit_down().open(f"/console/orders/{order_id}")
    page.get_by_role("link", name="Cancel order").click()
    page.get_by_label("Reason").select_option("other")
    other.get_by_role("link", name="Mark as packed").click()
    other.get_by_role("button", name="Mark as packed").click()
    says(other, "The order is packed.")
    page.get_by_role("button", name="Confirm the cancellation").click()
    expect(page.get_by_role("alert")).to_contain_text("The order has changed since you opened this.")
    expect(page.get_by_role("alert")).to_contain_text("Packed")
    assert [said for said in desk.wrong if "412" not in said] == []
    desk.wrong.clear()
    assert exact(shop.manager.get(url({"order_id": order_id})))["status"] == "packed"
