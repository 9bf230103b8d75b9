"""`flask oms order ...`: an order looked at and changed by whoever has a shell."""

import os
import pwd
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import click
from click.shell_completion import CompletionItem
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from oms import money, strict_json, terminal
from oms.accounts.actor import system
from oms.errors import Invalid
from oms.order_ids import OrderId, order_of
from oms.orders import cache, cancellation, changes, journey, lifecycle, representation
from oms.orders.order import Outcome, Why
from oms.transactions import look, transaction

ACTOR = system("cli")
MAX_REASON, MAX_REMARKS = 100, 900
_LINE = re.compile(r"([1-9][0-9]{0,3})(?:=([0-9]{1,9}(?:\.[0-9]{1,3})?))?")


class StatusWord(click.ParamType[str]):
    """A status, as any of the words that the API takes."""

    name = "status"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return lifecycle.parse(value)
        except Invalid:
            known = ", ".join(lifecycle.STATUSES)
            self.fail(f"{value!r} is not one of {known}.{terminal.did_you_mean(value, lifecycle.STATUSES)}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        begins = incomplete.lower()
        return [CompletionItem(word, help=seen) for word, seen in lifecycle.STATUSES.items() if word.startswith(begins)]


class LineQuantity(click.ParamType[dict[str, Any]]):
    """`2`, a line with all that is left of it, or `2=1`, one unit of line 2."""

    name = "line"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        match = _LINE.fullmatch(str(value))
        if match is None:
            self.fail(f"{value!r} is neither a line's number nor NUMBER=QUANTITY, such as 2=1.", param, ctx)
        quantity = {"quantity": Decimal(match[2])} if match[2] else {}
        return {"line_no": int(match[1]), **quantity}


_order_id = click.argument("order_id", type=OrderId())
_reason = click.option("--reason", help=f"Why, in a word or two; at most {MAX_REASON} characters, kept in the journey.")
_remarks = click.option("--remarks", help=f"More of it, at most {MAX_REMARKS} characters.")
_yes = click.option("--yes", is_flag=True, help="Don't ask; without a terminal nothing is asked anyway.")
_json = click.option("--json", "as_json", is_flag=True, help="One line of JSON.")


@click.group("order")
def order() -> None:
    """Look at an order, and change it as the API would.

    Changes go through the same rules, journey and events as those of the API. They are recorded as made by the system
    `cli`, with the name of the operating system's user in the remarks.
    """


@order.command("show")
@_order_id
@_json
@with_appcontext
def show(order_id: str, as_json: bool) -> None:
    """The order with its lines, payments, refunds and returns."""
    with terminal.refusals():
        document = _document(representation.render(order_of(order_id)))
    if as_json:
        terminal.print_json(document)
    else:
        _print_order(document)


@order.command("journey")
@_order_id
@_json
@with_appcontext
def show_journey(order_id: str, as_json: bool) -> None:
    """Every step of the order, oldest first: when, what, by whom and why."""
    with terminal.refusals():
        entries = look(lambda connection: journey.journey_of(connection, order_of(order_id).order_id, None))
    if as_json:
        terminal.print_json({"order_id": order_id, "journey": entries})
        return
    headings = ("SEQ", "TIME", "LINE", "FROM", "TO", "EVENT", "BY", "REASON", "REMARKS")
    terminal.print_table("", headings, (_step(entry) for entry in entries))


@order.command("cancel")
@_order_id
@click.option(
    "--line", "lines", type=LineQuantity(), multiple=True, metavar="NO[=QUANTITY]", help="Only this line; repeatable."
)
@_reason
@_remarks
@_yes
@_json
@with_appcontext
def cancel(
    order_id: str, lines: Sequence[dict[str, Any]], reason: str | None, remarks: str | None, yes: bool, as_json: bool
) -> None:
    """Cancel the order, or some of its lines; what was paid for them goes back."""
    why = _why(reason, remarks)
    data = {"reason": why.reason, "remarks": why.remarks} | ({"items": list(lines)} if lines else {})
    _ask(yes, order_id, f"cancel {len(lines)} of its lines" if lines else "cancel it")
    _change(order_id, lambda session: cancellation.cancel_order(session, order_id, ACTOR, data), as_json)


@order.command("status")
@_order_id
@click.argument("status", type=StatusWord())
@_reason
@_remarks
@_yes
@_json
@with_appcontext
def change_status(
    order_id: str, status: str, reason: str | None, remarks: str | None, yes: bool, as_json: bool
) -> None:
    """Move the order along its lifecycle to STATUS."""
    why = _why(reason, remarks)
    _ask(yes, order_id, f"make it {status}")
    _change(order_id, lambda session: changes.change_status(session, order_id, status, ACTOR, why), as_json)


COMMANDS: tuple[click.Command, ...] = (order,)


def _why(reason: str | None, remarks: str | None) -> Why:
    for name, text, most in (("--reason", reason, MAX_REASON), ("--remarks", remarks, MAX_REMARKS)):
        if text and (len(text) > most or "\x00" in text):
            raise click.BadParameter(f"at most {most} characters, and no NUL", param_hint=name)
    return Why(reason, " ".join(filter(None, (remarks, f"(on the command line: {_operator()})"))))


def _operator() -> str:
    """Who is signed in to this terminal, also behind sudo; else whose process it is."""
    with suppress(OSError):  # no terminal
        return os.getlogin()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return f"uid {os.getuid()}"


def _ask(yes: bool, order_id: str, what: str) -> None:
    with terminal.refusals():
        found = order_of(order_id)
    if not yes and sys.stdin.isatty():
        amount = money.rounded(found.total_amount, found.currency)
        click.confirm(f"{order_id} is {found.status}, {amount} {found.currency}: {what}?", abort=True)


def _change(order_id: str, work: Callable[[Session], Outcome], as_json: bool) -> None:
    def announced(session: Session) -> tuple[Outcome, bytes]:
        outcome = work(session)
        applied = outcome.applied
        return outcome, cache.announce(session, outcome.order) if applied else representation.render(outcome.order)

    with terminal.refusals():
        outcome, body = transaction(announced)
    if as_json:
        terminal.print_json({"applied": outcome.applied, "order": _document(body)})
    elif outcome.applied:
        terminal.print_facts([(order_id, outcome.order.status), ("version", outcome.order.version)])
    elif not outcome.late:
        click.echo(f"{order_id} is {outcome.order.status} already; nothing was changed")
    if outcome.late:
        raise click.ClickException(f"{order_id} is {outcome.order.status}: that stage lies behind it.")


def _document(body: bytes) -> Any:
    return strict_json.read(body)


def _step(entry: dict[str, Any]) -> tuple[object, ...]:
    by = f"{entry['actor_type']} {entry['actor']}"
    moved = (entry["line_no"], entry["previous_status"], entry["current_status"], entry["event"])
    return (entry["seq"], entry["created_at"], *moved, by, entry["reason"], entry["remarks"])


_FACTS = ("order_id", "status", "payment_state", "customer_id", "facility_id", "managed_by", "currency", "total_amount")
_MORE_FACTS = ("amount_due", "invoice_number", "order_datetime", "eta", "created_at", "updated_at", "version")
_LINE_COLUMNS = ("line_no", "sku", "name", "quantity", "sale_price", "status", "cancelled_quantity", "shipped_quantity")
_PAYMENT_COLUMNS = ("payment_id", "mode", "status", "amount", "captured_amount", "provider")
_REFUND_COLUMNS = ("refund_id", "cause", "status", "amount")
_RETURN_COLUMNS = ("return_id", "status", "reason", "created_at")


def _print_order(document: dict[str, Any]) -> None:
    terminal.print_facts((name, document.get(name)) for name in _FACTS + _MORE_FACTS)
    terminal.print_facts([("may become", ", ".join(document["allowed_statuses"]) or "nothing")])
    if isinstance(document["items"], list):
        _print_rows("Lines", _LINE_COLUMNS, document["items"])
    else:
        terminal.print_facts([("items", strict_json.write(document["items"]).decode())])
    _print_rows("Payments", _PAYMENT_COLUMNS, document["payments"])
    refunds = [refund for payment in document["payments"] for refund in payment.get("refunds", ())]
    _print_rows("Refunds", _REFUND_COLUMNS, refunds)
    _print_rows("Returns", _RETURN_COLUMNS, document["returns"])


def _print_rows(title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    headings = [name.upper().replace("_", " ") for name in columns]
    terminal.print_table(title, headings, ([row.get(name) for name in columns] for row in rows))
