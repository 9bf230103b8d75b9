from typing import Literal

InvoiceViewKind = Literal["credit_note", "invoice", "refund_voucher"]

INVOICE_VIEW_KIND_VALUES: set[InvoiceViewKind] = {
    "credit_note",
    "invoice",
    "refund_voucher",
}


def check_invoice_view_kind(value: str) -> InvoiceViewKind:
    if value in INVOICE_VIEW_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {INVOICE_VIEW_KIND_VALUES!r}")
