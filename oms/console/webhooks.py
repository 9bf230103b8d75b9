"""Webhooks: who is told of what, and how that goes; made, changed, stopped, given another secret."""

from typing import Any

from flask import Response, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from oms.accounts import users
from oms.console import access, messages
from oms.console.blueprint import blueprint
from oms.console.confirming import confirmation
from oms.console.order_forms import loaded
from oms.console.pages import go_to, page
from oms.errors import Conflict, Invalid
from oms.transactions import read, transaction
from oms.webhooks import bodies, endpoints, managing, subscriptions
from oms.webhooks.endpoints import Endpoint, NewEndpoint
from oms.webhooks.models import DISABLED, ENABLED, PAUSED

PAGE = 50
TONES = {ENABLED: "success", PAUSED: "warning", DISABLED: "danger"}
WHY_DISABLED = {"by_hand": "by hand", "gone": "it answered 410 Gone", "failing": "it has failed for days"}
_DONE = {ENABLED: "is told of events again", PAUSED: "is told later", DISABLED: "is told nothing any more"}
# What a field that is left empty means.
_NOTHING: dict[str, Any] = {"description": "", "customer_id": None, "facility_id": None}
_NEW = bodies.NewWebhook()


@blueprint.route("/webhooks", methods=["GET"])
@access.staff
def webhooks() -> Response:
    """All of them, newest first."""
    after = request.args.get("after")
    found = read(lambda session: endpoints.page(session, PAGE, after))
    older = url_for("console.webhooks", after=found.next_cursor) if found.next_cursor else None
    return page("webhooks.html", webhooks=found.webhooks, tones=TONES, older=older, first_page=after is None)


@blueprint.route("/webhooks/new", methods=["GET"])
@access.staff
def webhook_form() -> Response:
    """The form for a new one."""
    return _form(None, MultiDict({"event_types": subscriptions.ALL}))


@blueprint.route("/webhooks/new", methods=["POST"])
@access.staff
def create_webhook() -> Response:
    """Make one and show its secret, this once."""
    try:
        wanted = managing.checked(_typed())
        made = transaction(lambda session: managing.create(session, access.actor(), wanted))
    except (Invalid, Conflict) as error:
        return _form(None, request.form, error.detail)
    return _secret_shown(made, "The new webhook")


@blueprint.route("/webhooks/<webhook_id>", methods=["GET"])
@access.staff
def webhook(webhook_id: str) -> Response:
    """One, how it is doing, and what can be done with it."""
    found = read(lambda session: endpoints.find(session, webhook_id))
    makers = read(lambda session: users.addresses(session, [found.created_by]))
    maker = makers.get(found.created_by, found.created_by)
    return page("webhook.html", webhook=found, tones=TONES, why=WHY_DISABLED, maker=maker)


@blueprint.route("/webhooks/<webhook_id>/edit", methods=["GET"])
@access.staff
def edit_webhook_form(webhook_id: str) -> Response:
    """The form with what it is told of now."""
    found = read(lambda session: endpoints.find(session, webhook_id))
    return _form(found, _as_typed(found))


@blueprint.route("/webhooks/<webhook_id>/edit", methods=["POST"])
@access.staff
def edit_webhook(webhook_id: str) -> AnyResponse:
    """Tell it of other events, or tell somebody else."""
    try:
        changes = managing.checked(_NOTHING | _typed())
        transaction(lambda session: managing.change(session, access.actor(), webhook_id, changes))
    except Invalid as error:
        return _form(read(lambda session: endpoints.find(session, webhook_id)), request.form, error.detail)
    messages.say("The webhook is changed.")
    return go_to("console.webhook", webhook_id=webhook_id)


@blueprint.route("/webhooks/<webhook_id>/status", methods=["POST"])
@access.staff
def change_webhook_status(webhook_id: str) -> AnyResponse:
    """Enable, pause or disable it."""
    status = request.form.get("status", "")
    if status not in bodies.STATUSES:
        raise Invalid("A webhook is enabled, paused or disabled.")
    changed = transaction(lambda session: managing.change(session, access.actor(), webhook_id, {"status": status}))
    messages.say(f"{changed.url} {_DONE[status]}.")
    return go_to("console.webhook", webhook_id=webhook_id)


@blueprint.route("/webhooks/<webhook_id>/delete", methods=["GET"])
@access.staff
def delete_webhook_form(webhook_id: str) -> Response:
    """Are you sure?"""
    return confirmation(
        "Delete this webhook?",
        "Nothing is sent to it any more, and what was sent is forgotten. To stop for a while, pause it.",
        url_for("console.delete_webhook", webhook_id=webhook_id),
        "Delete the webhook",
        url_for("console.webhook", webhook_id=webhook_id),
        danger=True,
    )


@blueprint.route("/webhooks/<webhook_id>/delete", methods=["POST"])
@access.staff
def delete_webhook(webhook_id: str) -> AnyResponse:
    """Send nothing any more, and forget what was sent."""
    transaction(lambda session: managing.delete(session, access.actor(), webhook_id))
    messages.say("The webhook is deleted.")
    return go_to("console.webhooks")


@blueprint.route("/webhooks/<webhook_id>/secret", methods=["GET"])
@access.staff
def rotate_webhook_secret_form(webhook_id: str) -> Response:
    """For how long does the former one still count?"""
    found = read(lambda session: endpoints.find(session, webhook_id))
    return page("webhook_secret.html", webhook=found, most=bodies.MOST_OVERLAP_HOURS)


@blueprint.route("/webhooks/<webhook_id>/secret", methods=["POST"])
@access.staff
def rotate_webhook_secret(webhook_id: str) -> Response:
    """Another secret, shown this once."""
    typed = request.form.get("overlap_hours", "").strip()
    hours = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else -1
    if not 0 <= hours <= bodies.MOST_OVERLAP_HOURS:
        raise Invalid(f"The former secret counts for 0 to {bodies.MOST_OVERLAP_HOURS} more hours.")
    made = transaction(lambda session: managing.rotate(session, access.actor(), webhook_id, hours))
    return _secret_shown(made, "The new secret")


def _typed() -> dict[str, Any]:
    """What the form says; raises `Invalid`."""
    names = ("url", "description", "customer_id", "facility_id")
    typed: dict[str, Any] = {name: request.form.get(name, "").strip() for name in names}
    types = request.form.get("event_types", "").replace(",", " ").split()
    return loaded(_NEW, {**typed, "event_types": types, "ordered": "ordered" in request.form})


def _as_typed(webhook: Endpoint) -> "MultiDict[str, str]":
    fields = {
        "url": webhook.url,
        "description": webhook.description,
        "event_types": "\n".join(webhook.event_types),
        "customer_id": webhook.customer_id or "",
        "facility_id": webhook.facility_id or "",
    }
    return MultiDict({**fields, "ordered": "yes"} if webhook.ordered else fields)


def _form(webhook: Endpoint | None, typed: "MultiDict[str, str]", problem: str = "") -> Response:
    offered = sorted(subscriptions.offered())
    status = 422 if problem else 200
    return page("webhook_form.html", status, webhook=webhook, typed=typed, problem=problem, offered=offered)


def _secret_shown(made: NewEndpoint, title: str) -> Response:
    return page(
        "secret.html",
        title=title,
        text=f"{made.url} verifies requests with it. It is shown this once, and can't be had again.",
        label="Secret",
        secret=made.secret,
        back=url_for("console.webhook", webhook_id=made.id),
    )
