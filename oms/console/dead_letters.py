"""Messages that could not be handled: what they say, why they were set aside, and what is to become of them."""

from typing import Any

import orjson
from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from oms import dead_letters as letters
from oms.console import access, messages
from oms.console.blueprint import blueprint
from oms.console.confirming import confirmation
from oms.console.pages import go_to, page
from oms.consumer import replay
from oms.dead_letters import Where
from oms.errors import Invalid
from oms.transactions import read, transaction

PAGE = 50
MOST_REPLAYED = 100
MAX_REASON = 200


@blueprint.route("/dead-letters", methods=["GET"])
@access.staff
def dead_letters() -> Response:
    """Those that wait, the oldest first; of one topic, or all."""
    topic = request.args.get("topic") or None
    where = Where(topic, after=request.args.get("after", 0, type=int))
    found = read(lambda session: [*letters.found(session, where, PAGE + 1)])
    return page(
        "dead_letters.html",
        letters=[_row(letter) for letter in found[:PAGE]],
        topic=topic,
        topics=read(letters.topics),
        later=url_for("console.dead_letters", topic=topic, after=found[PAGE - 1].id) if len(found) > PAGE else None,
        first_page=not where.after,
    )


@blueprint.route("/dead-letters/<int:letter_id>", methods=["GET"])
@access.staff
def dead_letter(letter_id: int) -> Response:
    """One, with everything that came with it."""
    letter = read(lambda session: _whole(letters.get(session, letter_id)))
    return page("dead_letter.html", letter=letter)


@blueprint.route("/dead-letters/<int:letter_id>/replay", methods=["POST"])
@access.staff
def replay_dead_letter(letter_id: int) -> AnyResponse:
    """Send it to its topic again."""
    if replay.replay(replay.forwarder(), letter_id, access.actor()):
        messages.say(f"Message {letter_id} is sent again. If its cause is not cured, it comes back.")
    else:
        messages.say(f"Message {letter_id} does not wait any more.", "warning")
    return go_to("console.dead_letters")


@blueprint.route("/dead-letters/replay", methods=["GET"])
@access.staff
def replay_dead_letters_form() -> Response:
    """Are you sure?"""
    topic = request.args.get("topic", "")
    what = f"the dead letters of {topic}" if topic else "all dead letters"
    return confirmation(
        f"Replay {what}?",
        f"The oldest {MOST_REPLAYED} at most are sent to their topics again. Those whose cause is not cured come back.",
        url_for("console.replay_dead_letters"),
        "Replay them",
        url_for("console.dead_letters", topic=topic or None),
        fields={"topic": topic},
    )


@blueprint.route("/dead-letters/replay", methods=["POST"])
@access.staff
def replay_dead_letters() -> AnyResponse:
    """The oldest that wait, of one topic or all."""
    topic = request.form.get("topic") or None
    ids = read(lambda session: [*replay.waiting_ids(session, topic, MOST_REPLAYED)])
    done, refused = 0, list[str]()
    for letter_id in ids:
        try:
            done += replay.replay(replay.forwarder(), letter_id, access.actor())
        except Invalid as error:
            refused.append(f"{letter_id}: {error.detail}")
    messages.say(f"{done} {'message is' if done == 1 else 'messages are'} sent again.")
    if refused:
        messages.say(" ".join(refused), "danger")
    return go_to("console.dead_letters")


@blueprint.route("/dead-letters/<int:letter_id>/discard", methods=["POST"])
@access.staff
def discard_dead_letter(letter_id: int) -> AnyResponse:
    """Give it up for good, with a reason."""
    reason = " ".join(request.form.get("reason", "").split())
    if not reason or len(reason) > MAX_REASON:
        raise Invalid(f"Say in up to {MAX_REASON} characters why nobody needs this message any more.")
    if transaction(lambda session: letters.discard(session, access.actor(), letter_id, reason)):
        messages.say(f"Message {letter_id} is discarded.")
    else:
        messages.say(f"Message {letter_id} does not wait any more.", "warning")
    return go_to("console.dead_letters")


def _row(letter: letters.DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "topic": letter.topic,
        "key": _text(letter.key),
        "reason": letter.reason,
        "attempts": letter.attempts,
        "created_at": letter.created_at,
    }


def _whole(letter: letters.DeadLetter) -> dict[str, Any]:
    return {
        **_row(letter),
        "partition": letter.partition,
        "offset": letter.offset_,
        "event_id": letter.event_id,
        "consumer": letter.consumer,
        "value": _document(letter.value),
        "headers": [(name, _header(value)) for name, value in letter.headers],
        "replayed_at": letter.replayed_at,
        "discarded_at": letter.discarded_at,
        "discard_reason": letter.discard_reason,
    }


def _text(raw: bytes | None) -> str:
    return "" if raw is None else raw.decode(errors="replace")


def _header(value: Any) -> str:
    """Text as it is; bytes that are none, and what is missing, as they are kept."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _document(raw: bytes | None) -> str:
    """JSON with its lines broken; anything else as it is."""
    try:
        return orjson.dumps(orjson.loads(raw or b""), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return _text(raw)
