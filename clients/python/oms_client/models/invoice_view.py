from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.invoice_view_kind import InvoiceViewKind, check_invoice_view_kind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.invoice_customer_view import InvoiceCustomerView
    from ..models.invoice_line_view import InvoiceLineView
    from ..models.invoice_payment_view import InvoicePaymentView
    from ..models.invoice_seller_view import InvoiceSellerView
    from ..models.invoice_tax_view import InvoiceTaxView
    from ..models.invoice_view_charges import InvoiceViewCharges


T = TypeVar("T", bound="InvoiceView")


@_attrs_define
class InvoiceView:
    kind: InvoiceViewKind | Unset = UNSET
    number: str | Unset = UNSET
    issued_at: datetime.datetime | Unset = UNSET
    currency: str | Unset = UNSET
    seller: InvoiceSellerView | Unset = UNSET
    customer: InvoiceCustomerView | Unset = UNSET
    order_id: str | Unset = UNSET
    order_datetime: datetime.datetime | Unset = UNSET
    invoice_number: None | str | Unset = UNSET
    """ The invoice a credit note is about. """
    reason: None | str | Unset = UNSET
    lines: list[InvoiceLineView] | Unset = UNSET
    items_total: float | str | Unset = UNSET
    discount: float | str | Unset = UNSET
    charges: InvoiceViewCharges | Unset = UNSET
    tax_lines: list[InvoiceTaxView] | Unset = UNSET
    rounding_adjustment: float | str | Unset = UNSET
    total: float | str | Unset = UNSET
    payments: list[InvoicePaymentView] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        kind: str | Unset = UNSET
        if not isinstance(self.kind, Unset):
            kind = self.kind

        number = self.number

        issued_at: str | Unset = UNSET
        if not isinstance(self.issued_at, Unset):
            issued_at = self.issued_at.isoformat()

        currency = self.currency

        seller: dict[str, Any] | Unset = UNSET
        if not isinstance(self.seller, Unset):
            seller = self.seller.to_dict()

        customer: dict[str, Any] | Unset = UNSET
        if not isinstance(self.customer, Unset):
            customer = self.customer.to_dict()

        order_id = self.order_id

        order_datetime: str | Unset = UNSET
        if not isinstance(self.order_datetime, Unset):
            order_datetime = self.order_datetime.isoformat()

        invoice_number: None | str | Unset
        if isinstance(self.invoice_number, Unset):
            invoice_number = UNSET
        else:
            invoice_number = self.invoice_number

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        lines: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.lines, Unset):
            lines = []
            for lines_item_data in self.lines:
                lines_item = lines_item_data.to_dict()
                lines.append(lines_item)

        items_total: float | str | Unset
        if isinstance(self.items_total, Unset):
            items_total = UNSET
        else:
            items_total = self.items_total

        discount: float | str | Unset
        if isinstance(self.discount, Unset):
            discount = UNSET
        else:
            discount = self.discount

        charges: dict[str, Any] | Unset = UNSET
        if not isinstance(self.charges, Unset):
            charges = self.charges.to_dict()

        tax_lines: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.tax_lines, Unset):
            tax_lines = []
            for tax_lines_item_data in self.tax_lines:
                tax_lines_item = tax_lines_item_data.to_dict()
                tax_lines.append(tax_lines_item)

        rounding_adjustment: float | str | Unset
        if isinstance(self.rounding_adjustment, Unset):
            rounding_adjustment = UNSET
        else:
            rounding_adjustment = self.rounding_adjustment

        total: float | str | Unset
        if isinstance(self.total, Unset):
            total = UNSET
        else:
            total = self.total

        payments: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payments, Unset):
            payments = []
            for payments_item_data in self.payments:
                payments_item = payments_item_data.to_dict()
                payments.append(payments_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if kind is not UNSET:
            field_dict["kind"] = kind
        if number is not UNSET:
            field_dict["number"] = number
        if issued_at is not UNSET:
            field_dict["issued_at"] = issued_at
        if currency is not UNSET:
            field_dict["currency"] = currency
        if seller is not UNSET:
            field_dict["seller"] = seller
        if customer is not UNSET:
            field_dict["customer"] = customer
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if order_datetime is not UNSET:
            field_dict["order_datetime"] = order_datetime
        if invoice_number is not UNSET:
            field_dict["invoice_number"] = invoice_number
        if reason is not UNSET:
            field_dict["reason"] = reason
        if lines is not UNSET:
            field_dict["lines"] = lines
        if items_total is not UNSET:
            field_dict["items_total"] = items_total
        if discount is not UNSET:
            field_dict["discount"] = discount
        if charges is not UNSET:
            field_dict["charges"] = charges
        if tax_lines is not UNSET:
            field_dict["tax_lines"] = tax_lines
        if rounding_adjustment is not UNSET:
            field_dict["rounding_adjustment"] = rounding_adjustment
        if total is not UNSET:
            field_dict["total"] = total
        if payments is not UNSET:
            field_dict["payments"] = payments

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invoice_customer_view import InvoiceCustomerView  # noqa: PLC0415
        from ..models.invoice_line_view import InvoiceLineView  # noqa: PLC0415
        from ..models.invoice_payment_view import InvoicePaymentView  # noqa: PLC0415
        from ..models.invoice_seller_view import InvoiceSellerView  # noqa: PLC0415
        from ..models.invoice_tax_view import InvoiceTaxView  # noqa: PLC0415
        from ..models.invoice_view_charges import InvoiceViewCharges  # noqa: PLC0415

        d = dict(src_dict)
        _kind = d.pop("kind", UNSET)
        kind: InvoiceViewKind | Unset
        if isinstance(_kind, Unset):
            kind = UNSET
        else:
            kind = check_invoice_view_kind(_kind)

        number = d.pop("number", UNSET)

        _issued_at = d.pop("issued_at", UNSET)
        issued_at: datetime.datetime | Unset
        if isinstance(_issued_at, Unset):
            issued_at = UNSET
        else:
            issued_at = datetime.datetime.fromisoformat(_issued_at)

        currency = d.pop("currency", UNSET)

        _seller = d.pop("seller", UNSET)
        seller: InvoiceSellerView | Unset
        if isinstance(_seller, Unset):
            seller = UNSET
        else:
            seller = InvoiceSellerView.from_dict(_seller)

        _customer = d.pop("customer", UNSET)
        customer: InvoiceCustomerView | Unset
        if isinstance(_customer, Unset):
            customer = UNSET
        else:
            customer = InvoiceCustomerView.from_dict(_customer)

        order_id = d.pop("order_id", UNSET)

        _order_datetime = d.pop("order_datetime", UNSET)
        order_datetime: datetime.datetime | Unset
        if isinstance(_order_datetime, Unset):
            order_datetime = UNSET
        else:
            order_datetime = datetime.datetime.fromisoformat(_order_datetime)

        def _parse_invoice_number(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        invoice_number = _parse_invoice_number(d.pop("invoice_number", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        _lines = d.pop("lines", UNSET)
        lines: list[InvoiceLineView] | Unset = UNSET
        if _lines is not UNSET:
            lines = []
            for lines_item_data in _lines:
                lines_item = InvoiceLineView.from_dict(lines_item_data)

                lines.append(lines_item)

        def _parse_items_total(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        items_total = _parse_items_total(d.pop("items_total", UNSET))

        def _parse_discount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        discount = _parse_discount(d.pop("discount", UNSET))

        _charges = d.pop("charges", UNSET)
        charges: InvoiceViewCharges | Unset
        if isinstance(_charges, Unset):
            charges = UNSET
        else:
            charges = InvoiceViewCharges.from_dict(_charges)

        _tax_lines = d.pop("tax_lines", UNSET)
        tax_lines: list[InvoiceTaxView] | Unset = UNSET
        if _tax_lines is not UNSET:
            tax_lines = []
            for tax_lines_item_data in _tax_lines:
                tax_lines_item = InvoiceTaxView.from_dict(tax_lines_item_data)

                tax_lines.append(tax_lines_item)

        def _parse_rounding_adjustment(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        rounding_adjustment = _parse_rounding_adjustment(d.pop("rounding_adjustment", UNSET))

        def _parse_total(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        total = _parse_total(d.pop("total", UNSET))

        _payments = d.pop("payments", UNSET)
        payments: list[InvoicePaymentView] | Unset = UNSET
        if _payments is not UNSET:
            payments = []
            for payments_item_data in _payments:
                payments_item = InvoicePaymentView.from_dict(payments_item_data)

                payments.append(payments_item)

        invoice_view = cls(
            kind=kind,
            number=number,
            issued_at=issued_at,
            currency=currency,
            seller=seller,
            customer=customer,
            order_id=order_id,
            order_datetime=order_datetime,
            invoice_number=invoice_number,
            reason=reason,
            lines=lines,
            items_total=items_total,
            discount=discount,
            charges=charges,
            tax_lines=tax_lines,
            rounding_adjustment=rounding_adjustment,
            total=total,
            payments=payments,
        )

        return invoice_view
