"""Invoices and credit notes over HTTP, as JSON and as PDF."""

import json
from decimal import Decimal

from flask import Response

from oms.api import access
from oms.api.money_schemas import InvoicesView, InvoiceView
from oms.api.openapi import OmsBlueprint
from oms.orders import invoice_pdf, invoices
from oms.transactions import read

blueprint = OmsBlueprint("invoices", __name__, url_prefix="/orders", description="Invoices and credit notes")
PDF = "application/pdf"


@blueprint.route("/<order_id>/invoices", methods=["GET"])
@access.orders_read
@blueprint.response(200, InvoicesView)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="listInvoices")
def list_invoices(order_id: str) -> Response:
    """The order's invoice and its credit notes, oldest first."""
    owner = access.actor().owner_id
    documents = read(lambda session: invoices.of_order(session, order_id, owner))
    body = b'{"order_id":' + json.dumps(order_id).encode() + b',"invoices":[' + b",".join(documents) + b"]}"
    return Response(body, content_type="application/json")


@blueprint.route("/<order_id>/invoices/<number>", methods=["GET"])
@access.orders_read
@blueprint.response(200, InvoiceView)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="getInvoice")
def get_invoice(order_id: str, number: str) -> Response:
    """One document as it was issued."""
    return Response(_document(order_id, number), content_type="application/json")


@blueprint.route("/<order_id>/invoices/<number>/pdf", methods=["GET"])
@access.orders_read
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=PDF)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="getInvoicePdf")
def get_invoice_pdf(order_id: str, number: str) -> Response:
    """One document as a PDF."""
    document = json.loads(_document(order_id, number), parse_float=Decimal)
    response = Response(invoice_pdf.render(document), content_type=PDF)
    response.headers["Content-Disposition"] = f'inline; filename="{document["number"]}.pdf"'
    return response


def _document(order_id: str, number: str) -> bytes:
    owner = access.actor().owner_id
    return read(lambda session: invoices.one_of_order(session, order_id, number, owner))
