"""The console for whoever is on call, and for admins: their tasks from end to end, and how each page looks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from oms import queues
from oms.accounts import api_keys, users
from oms.accounts.actor import COMMAND_LINE, SCOPES
from oms.figures import hourly
from oms.ids import new_id
from oms.transactions import transaction
from tests.browser.conftest import Desk
from tests.browser.shop import Shop
from tests.browser.test_every_page import LOOKS, keep
from tests.callers import Caller
from tests.console.test_operations import audited, set_aside, state

TOPIC = "fulfilment-updates"
LONG_ADDRESS = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}"


@pytest.fixture(scope="module")
def own(shop: Shop) -> Flask:
    """The application over the shop's own database."""
    return shop.manager.app


@pytest.fixture(scope="module", autouse=True)
def trouble(shop: Shop) -> Iterator[None]:
    """Something of everything that waits for somebody, the longest names, and hours the clock has counted."""
    app = shop.manager.app
    set_aside(app, "t" * 249)
    with app.app_context():
        transaction(lambda session: users.create(session, COMMAND_LINE, LONG_ADDRESS, None, "staff"))
        transaction(lambda session: api_keys.create(session, COMMAND_LINE, "N" * 100, SCOPES, 3650))
    for number in range(3):
        set_aside(app, TOPIC, b'{"order_id": "SHOP-2041", "status": "shipped"}', number)
    set_aside(app, "order-commands")
    failed(app, "os.getpid")
    failed(app, queues.REFRESH_CACHE)
    webhook(shop)
    sent = b'{"customer_id": 7, "items": []}\n' * 3
    assert shop.manager.post("/orders/import", sent, content_type="application/x-ndjson").status_code == 202
    with app.app_context():
        while transaction(lambda session: hourly.count(session, datetime.now(UTC), timedelta(hours=72))):
            continue
    yield


def failed(app: Flask, name: str) -> str:
    """A job that has failed; its id."""
    with app.app_context():
        target = queues.queue()
        job = target.create_job(name)
        job.save()
        target.failed_job_registry.add(job, ttl=queues.FAILED_JOB_SECONDS)
        return str(job.id)


def webhook(shop: Shop) -> None:
    """Somebody who does not answer, and a test event for him."""
    made = shop.manager.post("/webhooks", {"url": "http://127.0.0.1:1999/hooks/orders", "description": "The warehouse"})
    assert made.status_code == 201, made.data
    assert shop.manager.post(f"/webhooks/{made.get_json()['id']}/test").status_code == 202


def says(page: Page, text: str) -> None:
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


def first_of(listed: str) -> Callable[[Page], None]:
    """Open what the list shows first."""

    def steps(page: Page) -> None:
        page.locator(f"{listed} a.whole").first.click()
        page.get_by_role("heading", level=1).wait_for()

    return steps


def deliveries(page: Page) -> None:
    first_of(".webhooks")(page)
    page.get_by_role("link", name="Deliveries").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deliveries")


def delivery(page: Page) -> None:
    deliveries(page)
    first_of(".deliveries")(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("oms.webhook.test.v1")


def new_secret(page: Page) -> None:
    first_of(".webhooks")(page)
    page.get_by_role("link", name="Make a new secret").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def as_tables(page: Page) -> None:
    for summary in page.get_by_text("Show as a table").all():
        summary.click()


def ask(page: Page) -> None:
    page.get_by_role("link", name="Make a new password").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def somebody(page: Page) -> None:
    first_of(".people")(page)
    if page.get_by_text("This is you.").is_visible():
        page.go_back()
        page.locator(".people a.whole").nth(1).click()
    ask(page)


# What each picture is of: the address, and what somebody does there first.
PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "dashboard": ("/console/dashboard?paused=1", lambda _: None),
    "dashboard-tables": ("/console/dashboard?paused=1", as_tables),
    "stuck": ("/console/stuck", lambda _: None),
    "dead-letters": ("/console/dead-letters", lambda _: None),
    "dead-letter": ("/console/dead-letters", first_of(".letters")),
    "failed-jobs": ("/console/failed-jobs", lambda _: None),
    "imports": ("/console/imports", lambda _: None),
    "import": ("/console/imports", first_of(".imports")),
    "import-new": ("/console/imports/new", lambda _: None),
    "webhooks": ("/console/webhooks", lambda _: None),
    "webhook-new": ("/console/webhooks/new", lambda _: None),
    "webhook-secret-dialog": ("/console/webhooks", new_secret),
    "webhook-deliveries": ("/console/webhooks", deliveries),
    "webhook-delivery": ("/console/webhooks", delivery),
    "people": ("/console/people", lambda _: None),
    "person-dialog": ("/console/people", somebody),
    "person-new": ("/console/people/new", lambda _: None),
    "api-keys": ("/console/api-keys", lambda _: None),
    "api-key-new": ("/console/api-keys/new", lambda _: None),
    "audit-log": ("/console/audit-log", lambda _: None),
}


@pytest.mark.parametrize("name", PAGES)
def test_it_looks_right_and_is_accessible(name: str, sit_down: Callable[..., Desk]) -> None:
    path, steps = PAGES[name]
    for scheme, width in LOOKS:
        page = sit_down(color_scheme=scheme, viewport={"width": width, "height": 900}).open(path)
        steps(page)
        keep(page, f"{name}-{scheme}-{width}")


def test_whoever_is_on_call_comes_from_the_dashboard_to_a_message_and_replays_it(own: Flask, desk: Desk) -> None:
    letter = set_aside(own, TOPIC)
    page = desk.open("/console/dashboard")
    page.get_by_role("link", name="Dead letters").last.click()
    page.get_by_role("link", name=str(letter), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Dead letter {letter}")
    page.get_by_role("button", name="Replay").click()
    says(page, f"Message {letter} is sent again.")
    assert state(own, letter).replayed_at is not None


def test_a_message_nobody_needs_is_discarded(own: Flask, desk: Desk) -> None:
    letter = set_aside(own, TOPIC)
    page = desk.open(f"/console/dead-letters/{letter}")
    page.get_by_label("Why does nobody need it any more?").fill("A test of the warehouse")
    page.get_by_role("button", name="Discard").click()
    says(page, f"Message {letter} is discarded.")
    assert [action for _, action in audited(own, letter)] == ["dead_letter.discarded"]


def test_all_messages_of_a_topic_are_replayed_after_a_question(own: Flask, desk: Desk) -> None:
    letters = [set_aside(own, "new_order", offset=number) for number in range(2)]
    page = desk.open("/console/dead-letters")
    page.get_by_role("link", name="new_order").click()
    page.get_by_role("link", name="Replay those of this topic").click()
    page.get_by_role("dialog").get_by_role("button", name="Replay them").click()
    says(page, "2 messages are sent again.")
    assert all(state(own, letter).replayed_at for letter in letters)


def test_a_failed_job_is_tried_again_and_the_worker_does_it(own: Flask, desk: Desk) -> None:
    job_id = failed(own, queues.SEND_REFUNDS)
    page = desk.open("/console/failed-jobs")
    page.get_by_role("button", name=f"Retry Send refunds {job_id}").click()
    says(page, "send_refunds is put back into the queue.")
    expect(page.get_by_text(job_id)).to_have_count(0)


def test_the_dashboard_refreshes_itself_and_leaves_open_what_is_open(desk: Desk) -> None:
    page = desk.open("/console/dashboard")
    page.locator("#placed-table summary").click()
    page.locator("#status-packed").focus()
    shown = page.locator(".as-of").inner_text()
    expect(page.locator(".as-of")).not_to_have_text(shown, timeout=25_000)
    expect(page.get_by_role("region", name="Orders an hour, as a table")).to_be_visible()
    expect(page.locator("#status-packed")).to_be_focused()
    page.get_by_role("link", name="Pause refreshing").click()
    expect(page.get_by_role("link", name="Refresh once")).to_be_visible()
    expect(page.locator("#figures")).not_to_have_attribute("hx-trigger", "every 10s")


def test_an_admin_lets_somebody_in_and_keeps_him_out_again(browser: Browser, shop: Shop, desk: Desk) -> None:
    address = f"{new_id().lower()}@example.com"
    page = desk.open("/console/people")
    page.get_by_role("link", name="New account").click()
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("radio", name="Staff Sees").check()
    page.get_by_role("button", name="Make the account").click()
    password = page.get_by_label("Password").input_value()
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(address)
    context = browser.new_context()
    new = context.new_page()
    new.goto(f"{shop.base}/console/failed-jobs")
    new.get_by_label("E-mail address").fill(address)
    new.get_by_label("Password").fill(password)
    new.get_by_role("button", name="Sign in").click()
    expect(new.get_by_role("heading", level=1)).to_have_text("Failed jobs")
    expect(new.get_by_role("link", name="People")).to_have_count(0)
    page.get_by_role("link", name="Disable the account").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable the account").click()
    says(page, f"{address} is disabled.")
    new.reload()
    expect(new.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("link", name="All in the audit log").click()
    for action in ("user.created", "console.signed_in", "user.disabled"):
        expect(page.get_by_text(action, exact=True)).to_be_visible()
    context.close()


def test_an_admin_makes_a_key_that_works_until_it_is_revoked(own: Flask, desk: Desk) -> None:
    page = desk.open("/console/api-keys")
    page.get_by_role("link", name="New API key").click()
    page.get_by_label("Name").fill("Carrier north")
    page.get_by_role("checkbox", name="orders:read").check()
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_label("API key", exact=True).input_value()
    caller = Caller(own, {"X-API-Key": key}, "")
    assert caller.get("/orders?limit=1").status_code == 200
    page.get_by_role("link", name="I have kept it").click()
    page.get_by_role("link", name="Revoke Carrier north").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Back").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Revoke Carrier north").click()
    dialog.get_by_role("button", name="Revoke the key").click()
    says(page, "The key is revoked.")
    assert caller.get("/orders?limit=1").status_code == 401
