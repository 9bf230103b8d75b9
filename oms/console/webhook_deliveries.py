"""What was sent to a webhook: every delivery with its attempts; sent again, one or all that failed; a test."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from oms.console import access, messages
from oms.console.blueprint import blueprint
from oms.console.pages import go_to, page
from oms.errors import Invalid
from oms.extensions import settings
from oms.transactions import read, transaction
from oms.webhooks import deliveries, endpoints, managing
from oms.webhooks.deliveries import REPLAYED_AT_ONCE
from oms.webhooks.models import DELIVERED, DELIVERY_STATUSES, FAILED, WAITING

PAGE = 50
TONES = {WAITING: "warning", DELIVERED: "success", FAILED: "danger"}
# What the form to replay from begins with.
BACK = timedelta(days=1)
_MINUTES = "%Y-%m-%dT%H:%M"


@blueprint.route("/webhooks/<webhook_id>/deliveries", methods=["GET"])
@access.staff
def webhook_deliveries(webhook_id: str) -> Response:
    """Newest event first; all, or those that wait, were delivered or have failed."""
    status, after = request.args.get("status") or None, request.args.get("after")
    if status not in (None, *DELIVERY_STATUSES):
        raise Invalid(f"A delivery is {', '.join(DELIVERY_STATUSES)}.")
    found = read(lambda session: deliveries.page(session, webhook_id, PAGE, after, status))
    more = found.next_cursor
    address = url_for("console.webhook_deliveries", webhook_id=webhook_id, status=status, after=more) if more else None
    return page(
        "webhook_deliveries.html",
        webhook=read(lambda session: endpoints.find(session, webhook_id)),
        deliveries=found.deliveries,
        wanted=status,
        statuses=DELIVERY_STATUSES,
        tones=TONES,
        older=address,
        first_page=after is None,
        since=f"{datetime.now(ZoneInfo(settings().default_timezone)) - BACK:{_MINUTES}}",
        zone=settings().default_timezone,
    )


@blueprint.route("/webhooks/<webhook_id>/deliveries/<event_id>", methods=["GET"])
@access.staff
def webhook_delivery(webhook_id: str, event_id: str) -> Response:
    """One with its body, its attempts and what was answered."""
    webhook = read(lambda session: endpoints.find(session, webhook_id))
    found = read(lambda session: deliveries.find(session, webhook_id, event_id))
    return page("webhook_delivery.html", webhook=webhook, found=found, delivery=found.delivery, tones=TONES)


@blueprint.route("/webhooks/<webhook_id>/deliveries/<event_id>/replay", methods=["POST"])
@access.staff
def replay_webhook_delivery(webhook_id: str, event_id: str) -> AnyResponse:
    """Send it again."""
    transaction(lambda session: managing.replay(session, access.actor(), webhook_id, event_id))
    messages.say("It is sent again.")
    return go_to("console.webhook_delivery", webhook_id=webhook_id, event_id=event_id)


@blueprint.route("/webhooks/<webhook_id>/replay", methods=["POST"])
@access.staff
def replay_webhook(webhook_id: str) -> AnyResponse:
    """Send again what was given up of events since a time."""
    since = _moment(request.form.get("since", ""))
    count = transaction(lambda session: managing.replay_failed(session, access.actor(), webhook_id, since))
    messages.say(f"{count:,} {'delivery is' if count == 1 else 'deliveries are'} sent again.")
    if count == REPLAYED_AT_ONCE:
        messages.say("There are more: replay once again.", "warning")
    return go_to("console.webhook_deliveries", webhook_id=webhook_id)


@blueprint.route("/webhooks/<webhook_id>/test", methods=["POST"])
@access.staff
def test_webhook(webhook_id: str) -> AnyResponse:
    """Send a test event, and see how it goes."""
    event_id = transaction(lambda session: deliveries.send_test(session, webhook_id))
    messages.say("A test event is on its way.")
    return go_to("console.webhook_delivery", webhook_id=webhook_id, event_id=event_id)


def _moment(typed: str) -> datetime:
    """A minute in `DEFAULT_TIMEZONE`; raises `Invalid`."""
    try:
        local = datetime.strptime(typed.strip(), _MINUTES).replace(tzinfo=ZoneInfo(settings().default_timezone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("A time is written like 2026-01-31T14:30.") from error
