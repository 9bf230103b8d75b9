from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.invoice_customer_view_address_type_0 import (
        InvoiceCustomerViewAddressType0,
    )


T = TypeVar("T", bound="InvoiceCustomerView")


@_attrs_define
class InvoiceCustomerView:
    customer_id: str | Unset = UNSET
    address: InvoiceCustomerViewAddressType0 | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.invoice_customer_view_address_type_0 import (
            InvoiceCustomerViewAddressType0,  # noqa: PLC0415
        )

        customer_id = self.customer_id

        address: dict[str, Any] | None | Unset
        if isinstance(self.address, Unset):
            address = UNSET
        elif isinstance(self.address, InvoiceCustomerViewAddressType0):
            address = self.address.to_dict()
        else:
            address = self.address

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if customer_id is not UNSET:
            field_dict["customer_id"] = customer_id
        if address is not UNSET:
            field_dict["address"] = address

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invoice_customer_view_address_type_0 import (
            InvoiceCustomerViewAddressType0,  # noqa: PLC0415
        )

        d = dict(src_dict)
        customer_id = d.pop("customer_id", UNSET)

        def _parse_address(data: object) -> InvoiceCustomerViewAddressType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                address_type_0 = InvoiceCustomerViewAddressType0.from_dict(data)

                return address_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(InvoiceCustomerViewAddressType0 | None | Unset, data)

        address = _parse_address(d.pop("address", UNSET))

        invoice_customer_view = cls(
            customer_id=customer_id,
            address=address,
        )

        return invoice_customer_view
