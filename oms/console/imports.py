"""Orders in bulk: files sent in, how far they are, and what was wrong with them; the orders list as a file."""

from pathlib import PurePath
from typing import Any

from flask import Response, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from oms.accounts import users
from oms.bulk import formats, imports, sending, uploads, wrong_rows
from oms.bulk.formats import CSV, NDJSON
from oms.console import access, forgery, messages
from oms.console.blueprint import blueprint
from oms.console.confirming import confirmation
from oms.console.order_filters import Filters
from oms.console.pages import go_to, page, wants_part
from oms.errors import Invalid
from oms.extensions import settings
from oms.idempotency import Answer, Claim
from oms.ids import new_id
from oms.transactions import look, read, transaction
from oms.web.access import caller_key

PAGE = 50
ERRORS = 100
MEBIBYTE = 1024 * 1024
TONES = {"queued": "", "running": "progress", "completed": "success", "cancelled": "warning", "failed": "danger"}
EXPORTED = {format.name: format for format in (CSV, NDJSON)}
_MOST_ROW, _MOST_POSITION = 2**31 - 1, 2**15 - 1


@blueprint.route("/imports", methods=["GET"])
@access.staff
def order_imports() -> Response:
    """All of the last month, newest first."""
    before = request.args.get("before")
    found = read(lambda session: imports.page(session, PAGE + 1, before, None))
    senders = read(lambda session: users.addresses(session, [each["created_by"] for each in found]))
    older = url_for("console.order_imports", before=found[PAGE - 1]["import_id"]) if len(found) > PAGE else None
    shown: dict[str, Any] = {"imports": found[:PAGE], "senders": senders, "tones": TONES, "older": older}
    if wants_part():
        return page("import_rows.html", **shown, first_page=before is None)
    return page("imports.html", **shown, first_page=before is None)


@blueprint.route("/imports/new", methods=["GET"])
@access.staff
def order_import_form() -> Response:
    """The form for a file."""
    return _form()


@blueprint.route("/imports/new", methods=["POST"])
@access.staff
@forgery.takes_files(lambda: settings().import_max_mib * MEBIBYTE)
def import_orders() -> AnyResponse:
    """Take in a file. The form sent again is the same import."""
    caller = caller_key()
    imports.gate.enter(caller, settings().exports_per_process, 1)
    try:
        import_id = _taken_in(request.files.get("file"))
    except Invalid as error:
        return _form(error.detail)
    finally:
        imports.gate.leave(caller)
    return go_to("console.order_import", import_id=import_id)


def _taken_in(sent: FileStorage | None) -> str:
    """The import's id; raises `Invalid`."""
    name = PurePath(sent.filename or "").name[:200] if sent else ""
    format = uploads.format_of(name, sent.mimetype if sent else "")
    if sent is None or not name:
        raise Invalid("Choose a file.")
    if format is None:
        raise Invalid(f"The name of the file has to end in one of {', '.join(uploads.SUFFIXES)}.")
    file, dry_run = sent.stream, "dry_run" in request.form
    digest = uploads.digest(file)
    about = {"format": format, "file_name": name, "digest": digest, "dry_run": dry_run}
    claim = Claim(f"console:{access.actor().id}", f"import:{request.form.get('key', '')[:50]}", digest.encode())

    def work(session: Session) -> str:
        if (stored := claim.take(session)) is not None:
            return bytes(stored.body).decode()
        import_id = str(imports.take_in(session, file, about, access.actor())["import_id"])
        claim.keep(session, Answer(import_id.encode()))
        return import_id

    return transaction(work)


@blueprint.route("/imports/<import_id>", methods=["GET"])
@access.staff
def order_import(import_id: str) -> Response:
    """How far it is, and what was wrong; refreshed until it has ended."""
    found = read(lambda session: imports.find(session, import_id, None))
    after = _place(request.args.get("after", ""))
    rows = read(lambda session: imports.errors(session, import_id, after, ERRORS + 1))
    last = rows[ERRORS - 1] if len(rows) > ERRORS else None
    further = (
        url_for("console.order_import", import_id=import_id, after=f"{last['row_no']}.{last['position']}")
        if last
        else None
    )
    shown: dict[str, Any] = {
        "found": found,
        "tones": TONES,
        "is_open": found["status"] in ("queued", "running"),
        "errors": [wrong_rows.shown(row) for row in rows[:ERRORS]],
        "further": further,
        "first_page": after == (0, 0),
    }
    return page("import_progress.html" if wants_part() else "import.html", **shown)


@blueprint.route("/imports/<import_id>/errors.csv", methods=["GET"])
@access.staff
def order_import_errors(import_id: str) -> Response:
    """All that was wrong, as a file."""
    read(lambda session: imports.find(session, import_id, None))
    headers = {"Content-Disposition": f'attachment; filename="errors-{import_id}.csv"'}
    return Response(wrong_rows.as_csv(import_id), content_type="text/csv; charset=utf-8", headers=headers)


@blueprint.route("/imports/<import_id>/cancel", methods=["GET"])
@access.staff
def cancel_import_form(import_id: str) -> Response:
    """Are you sure?"""
    return confirmation(
        "Stop this import?",
        "What it has placed stays placed. The rest of the file is forgotten.",
        url_for("console.cancel_import", import_id=import_id),
        "Stop the import",
        url_for("console.order_import", import_id=import_id),
        danger=True,
    )


@blueprint.route("/imports/<import_id>/cancel", methods=["POST"])
@access.staff
def cancel_import(import_id: str) -> AnyResponse:
    """Stop it."""
    transaction(lambda session: imports.cancel(session, import_id, None))
    messages.say("The import is stopped.", "warning")
    return go_to("console.order_import", import_id=import_id)


@blueprint.route("/orders.<format>", methods=["GET"])
@access.staff
def orders_export(format: str) -> Response:
    """All orders that the list with these filters shows, as a file."""
    if format not in EXPORTED:
        raise Invalid(f"Orders are exported as {' or '.join(EXPORTED)}.")
    return sending.export(caller_key(), Filters.of(request.args).wanted(), formats.ALL[format], look)


def _form(problem: str = "") -> Response:
    suffixes, most = list(uploads.SUFFIXES), settings().import_max_mib
    return page("import_new.html", 422 if problem else 200, problem=problem, suffixes=suffixes, most=most, key=new_id())


def _place(typed: str) -> tuple[int, int]:
    """(row, position) of the last error of the page before; (0, 0) for anything else."""
    row, _, position = typed.partition(".")
    if not (typed.isascii() and row.isdigit() and position.isdigit()):
        return 0, 0
    return min(int(row[:11]), _MOST_ROW), min(int(position[:6]), _MOST_POSITION)
