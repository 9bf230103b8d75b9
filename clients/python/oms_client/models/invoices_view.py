from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.invoice_view import InvoiceView


T = TypeVar("T", bound="InvoicesView")


@_attrs_define
class InvoicesView:
    order_id: str | Unset = UNSET
    invoices: list[InvoiceView] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        order_id = self.order_id

        invoices: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.invoices, Unset):
            invoices = []
            for invoices_item_data in self.invoices:
                invoices_item = invoices_item_data.to_dict()
                invoices.append(invoices_item)

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if invoices is not UNSET:
            field_dict["invoices"] = invoices

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invoice_view import InvoiceView  # noqa: PLC0415

        d = dict(src_dict)
        order_id = d.pop("order_id", UNSET)

        _invoices = d.pop("invoices", UNSET)
        invoices: list[InvoiceView] | Unset = UNSET
        if _invoices is not UNSET:
            invoices = []
            for invoices_item_data in _invoices:
                invoices_item = InvoiceView.from_dict(invoices_item_data)

                invoices.append(invoices_item)

        invoices_view = cls(
            order_id=order_id,
            invoices=invoices,
        )

        return invoices_view
