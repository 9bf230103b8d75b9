"""Orders in bulk, in: an upload is kept, answered 202, and worked off by the bulk worker."""

from pathlib import PurePath
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Response, request
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from oms import strict_json
from oms.api import access, idempotency
from oms.api.openapi import OmsBlueprint
from oms.api.orders import KEY_HEADER
from oms.bulk import imports, uploads, wrong_rows
from oms.bulk.models import STATUSES
from oms.errors import Invalid
from oms.extensions import settings
from oms.fields import QueryInteger, Text, Timestamp
from oms.idempotency import Answer
from oms.transactions import read

blueprint = OmsBlueprint("imports", __name__, url_prefix="/orders", description="Many orders at once")
MEBIBYTE = 1024 * 1024
# Of a file this much is held in memory, the rest on disk.
IN_MEMORY = MEBIBYTE
_PIECE = 64 * 1024
_FILE = {"schema": {"type": "string"}}
_DOC: dict[str, Any] = {
    "parameters": [KEY_HEADER],
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": _FILE,
            "application/x-ndjson": _FILE,
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                }
            },
        },
    },
}


class ImportArgs(Schema):
    """What is sent, and whether it counts."""

    format = fields.String(
        validate=validate.OneOf(list(uploads.FORMATS)),
        metadata={"description": "Else the content type or the file's name decides."},
    )
    dry_run = fields.Boolean(load_default=False, metadata={"description": "Only look what would be refused."})


class ImportView(Schema):
    """An import and how far it is: of `total` orders `done` have been looked at."""

    import_id = fields.String()
    status = fields.String(validate=validate.OneOf(STATUSES))
    dry_run = fields.Boolean()
    format = fields.String(validate=validate.OneOf(list(uploads.FORMATS)))
    file_name = fields.String(allow_none=True)
    total = fields.Integer()
    done = fields.Integer()
    succeeded = fields.Integer()
    failed = fields.Integer()
    error = fields.String(allow_none=True, metadata={"description": "What went wrong on our side."})
    created_by = fields.String()
    created_at = Timestamp()
    worked_at = Timestamp()
    finished_at = Timestamp(allow_none=True)


class ImportPageView(Schema):
    """Imports, newest first."""

    imports = fields.List(fields.Nested(ImportView))
    next_cursor = fields.String(allow_none=True)


class ImportErrorView(Schema):
    """What is wrong with an order: `row` is the row of a CSV file as a spreadsheet counts, or the line of NDJSON."""

    row = fields.Integer()
    order_id = fields.String(allow_none=True)
    code = fields.String()
    pointer = fields.String(metadata={"description": "Into the body of `POST /orders` that the row stands for."})
    detail = fields.String()


class ImportErrorsView(Schema):
    """What is wrong, by rows."""

    errors = fields.List(fields.Nested(ImportErrorView))
    next_cursor = fields.String(allow_none=True)


class PageArgs(Schema):
    """Which page."""

    limit = QueryInteger(low=1, high=100, load_default=20)
    cursor = Text(validate=validate.Length(1, 26), metadata={"description": "`next_cursor` of the page before."})


class ErrorArgs(Schema):
    """Which page; CSV is always all of it."""

    limit = QueryInteger(low=1, high=1000, load_default=100)
    cursor = Text(validate=validate.Regexp(r"[0-9]{1,10}\.[0-9]{1,5}\Z"))
    format = fields.String(validate=validate.OneOf(["json", "csv"]), metadata={"description": "Else `Accept` decides."})


@blueprint.route("/import", methods=["POST"])
@access.orders_import
@blueprint.arguments(ImportArgs, location="query")
@blueprint.response(202, ImportView)
@blueprint.problems(400, 401, 403, 409, 413, 415, 422, 429, 503)
@blueprint.doc(operationId="importOrders", **_DOC)
def import_orders(args: dict[str, Any]) -> Response:
    """Take in a file of orders, to be placed one by one as by `POST /orders`.

    The answer comes as soon as the file is kept; `Location` tells how far it is.
    """
    caller = access.caller_key()
    imports.gate.enter(caller, settings().exports_per_process, 1)
    try:
        return _taken_in(args)
    finally:
        imports.gate.leave(caller)


def _taken_in(args: dict[str, Any]) -> Response:
    request.allow(settings().import_max_mib * MEBIBYTE)  # type: ignore[attr-defined]  # body_limit.BoundedRequest
    file, name, media_type = _sent()
    with file:
        format = args.get("format") or _format(name, media_type)
        about = {
            "format": format,
            "file_name": name,
            "digest": uploads.digest(file),
            "dry_run": args["dry_run"],
        }
        actor = access.actor()

        def work(session: Session) -> Answer:
            made = imports.take_in(session, file, about, actor)
            return Answer(strict_json.write(made), 202, f"/orders/imports/{made['import_id']}")

        return idempotency.commit(work, about)


def _sent() -> tuple[IO[bytes], str | None, str]:
    """(the file from its beginning, its name, its media type)."""
    if request.mimetype == "multipart/form-data":
        sent = request.files.get("file")
        if sent is None:
            raise Invalid.at("/file", "Send the file as the part `file`.", code="file_missing")
        return sent.stream, PurePath(sent.filename or "").name[:200] or None, sent.mimetype
    file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by the caller
    while piece := request.stream.read(_PIECE):
        file.write(piece)
    file.seek(0)
    return file, None, request.mimetype


def _format(name: str | None, media_type: str) -> str:
    found = uploads.format_of(name, media_type)
    if found is None:
        raise UnsupportedMediaType(f"Send {', '.join(uploads.MEDIA_TYPES)}, or multipart/form-data.")
    return found


@blueprint.route("/imports", methods=["GET"])
@access.orders_import
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, ImportPageView)
@blueprint.problems(401, 403, 422, 429, 503)
@blueprint.doc(operationId="listImports")
def list_imports(args: dict[str, Any]) -> Response:
    """Imports, newest first; API keys see their own. They are kept for 30 days."""
    found = read(lambda session: imports.page(session, args["limit"], args.get("cursor"), _owner()))
    more = found[-1]["import_id"] if len(found) == args["limit"] else None
    return _json({"imports": found, "next_cursor": more})


@blueprint.route("/imports/<import_id>", methods=["GET"])
@access.orders_import
@blueprint.response(200, ImportView)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="getImport")
def get_import(import_id: str) -> Response:
    """How far an import is."""
    return _json(read(lambda session: imports.find(session, import_id, _owner())))


@blueprint.route("/imports/<import_id>", methods=["DELETE"])
@access.orders_import
@blueprint.response(200, ImportView)
@blueprint.problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
@blueprint.doc(operationId="cancelImport", parameters=[KEY_HEADER])
def cancel_import(import_id: str) -> Response:
    """Stop an import. What it has placed stays placed."""
    owner = _owner()

    def work(session: Session) -> Answer:
        return Answer(strict_json.write(imports.cancel(session, import_id, owner)))

    return idempotency.commit(work)


@blueprint.route("/imports/<import_id>/errors", methods=["GET"])
@access.orders_import
@blueprint.arguments(ErrorArgs, location="query")
@blueprint.response(200, ImportErrorsView)
@blueprint.problems(401, 403, 404, 422, 429, 503)
@blueprint.doc(
    operationId="listImportErrors",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def list_import_errors(args: dict[str, Any], import_id: str) -> Response:
    """What was wrong with which rows, as JSON by pages or as CSV in one piece."""
    owner = _owner()
    read(lambda session: imports.find(session, import_id, owner))
    best = request.accept_mimetypes.best_match(["application/json", "text/csv"])
    if args.get("format", "csv" if best == "text/csv" else "json") == "csv":
        return Response(wrong_rows.as_csv(import_id), content_type="text/csv; charset=utf-8")
    row_no, _, position = (args.get("cursor") or "0.0").partition(".")
    after = (min(int(row_no), 2**31 - 1), min(int(position), 2**15 - 1))
    rows = read(lambda session: imports.errors(session, import_id, after, args["limit"]))
    more = f"{rows[-1]['row_no']}.{rows[-1]['position']}" if len(rows) == args["limit"] else None
    return _json({"errors": [wrong_rows.shown(row) for row in rows], "next_cursor": more})


def _owner() -> str | None:
    """API keys see the imports they have sent, people those of all."""
    actor = access.actor()
    return actor.id if actor.kind == "api_key" else None


def _json(document: Any) -> Response:
    return Response(strict_json.write(document), content_type="application/json")
