from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.line_body import LineBody
    from ..models.order_body_address_type_0 import OrderBodyAddressType0
    from ..models.order_body_metadata_type_0 import OrderBodyMetadataType0
    from ..models.payment_part_body import PaymentPartBody
    from ..models.tax_line_body import TaxLineBody


T = TypeVar("T", bound="OrderBody")


@_attrs_define
class OrderBody:
    items: list[LineBody]
    discount: float | str | Unset = UNSET
    """ Taken off, at most the price itself. """
    handling_charge: float | str | Unset = UNSET
    delivery_charge: float | str | Unset = UNSET
    packaging_charge: float | str | Unset = UNSET
    surge_charge: float | str | Unset = UNSET
    tax_lines: list[TaxLineBody] | Unset = UNSET
    order_id: str | Unset = UNSET
    """ Made by the server when absent. """
    customer_id: str | Unset = UNSET
    facility_id: str | Unset = UNSET
    status: str | Unset = UNSET
    """ pending; staff may also say confirmed. """
    currency: str | Unset = UNSET
    total_amount: float | str | Unset = UNSET
    """ May differ from the server's by 0.10 at most. """
    order_datetime: datetime.datetime | Unset = UNSET
    eta: datetime.datetime | None | Unset = UNSET
    address: None | OrderBodyAddressType0 | Unset = UNSET
    """ Any JSON object; `phone` in it is searchable. """
    metadata: None | OrderBodyMetadataType0 | Unset = UNSET
    payment: list[PaymentPartBody] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.order_body_address_type_0 import OrderBodyAddressType0  # noqa: PLC0415
        from ..models.order_body_metadata_type_0 import OrderBodyMetadataType0  # noqa: PLC0415

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        discount: float | str | Unset
        if isinstance(self.discount, Unset):
            discount = UNSET
        else:
            discount = self.discount

        handling_charge: float | str | Unset
        if isinstance(self.handling_charge, Unset):
            handling_charge = UNSET
        else:
            handling_charge = self.handling_charge

        delivery_charge: float | str | Unset
        if isinstance(self.delivery_charge, Unset):
            delivery_charge = UNSET
        else:
            delivery_charge = self.delivery_charge

        packaging_charge: float | str | Unset
        if isinstance(self.packaging_charge, Unset):
            packaging_charge = UNSET
        else:
            packaging_charge = self.packaging_charge

        surge_charge: float | str | Unset
        if isinstance(self.surge_charge, Unset):
            surge_charge = UNSET
        else:
            surge_charge = self.surge_charge

        tax_lines: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.tax_lines, Unset):
            tax_lines = []
            for tax_lines_item_data in self.tax_lines:
                tax_lines_item = tax_lines_item_data.to_dict()
                tax_lines.append(tax_lines_item)

        order_id = self.order_id

        customer_id = self.customer_id

        facility_id = self.facility_id

        status = self.status

        currency = self.currency

        total_amount: float | str | Unset
        if isinstance(self.total_amount, Unset):
            total_amount = UNSET
        else:
            total_amount = self.total_amount

        order_datetime: str | Unset = UNSET
        if not isinstance(self.order_datetime, Unset):
            order_datetime = self.order_datetime.isoformat()

        eta: None | str | Unset
        if isinstance(self.eta, Unset):
            eta = UNSET
        elif isinstance(self.eta, datetime.datetime):
            eta = self.eta.isoformat()
        else:
            eta = self.eta

        address: dict[str, Any] | None | Unset
        if isinstance(self.address, Unset):
            address = UNSET
        elif isinstance(self.address, OrderBodyAddressType0):
            address = self.address.to_dict()
        else:
            address = self.address

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, OrderBodyMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        payment: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payment, Unset):
            payment = []
            for payment_item_data in self.payment:
                payment_item = payment_item_data.to_dict()
                payment.append(payment_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
            }
        )
        if discount is not UNSET:
            field_dict["discount"] = discount
        if handling_charge is not UNSET:
            field_dict["handling_charge"] = handling_charge
        if delivery_charge is not UNSET:
            field_dict["delivery_charge"] = delivery_charge
        if packaging_charge is not UNSET:
            field_dict["packaging_charge"] = packaging_charge
        if surge_charge is not UNSET:
            field_dict["surge_charge"] = surge_charge
        if tax_lines is not UNSET:
            field_dict["tax_lines"] = tax_lines
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if customer_id is not UNSET:
            field_dict["customer_id"] = customer_id
        if facility_id is not UNSET:
            field_dict["facility_id"] = facility_id
        if status is not UNSET:
            field_dict["status"] = status
        if currency is not UNSET:
            field_dict["currency"] = currency
        if total_amount is not UNSET:
            field_dict["total_amount"] = total_amount
        if order_datetime is not UNSET:
            field_dict["order_datetime"] = order_datetime
        if eta is not UNSET:
            field_dict["eta"] = eta
        if address is not UNSET:
            field_dict["address"] = address
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if payment is not UNSET:
            field_dict["payment"] = payment

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.line_body import LineBody  # noqa: PLC0415
        from ..models.order_body_address_type_0 import OrderBodyAddressType0  # noqa: PLC0415
        from ..models.order_body_metadata_type_0 import OrderBodyMetadataType0  # noqa: PLC0415
        from ..models.payment_part_body import PaymentPartBody  # noqa: PLC0415
        from ..models.tax_line_body import TaxLineBody  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = LineBody.from_dict(items_item_data)

            items.append(items_item)

        def _parse_discount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        discount = _parse_discount(d.pop("discount", UNSET))

        def _parse_handling_charge(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        handling_charge = _parse_handling_charge(d.pop("handling_charge", UNSET))

        def _parse_delivery_charge(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        delivery_charge = _parse_delivery_charge(d.pop("delivery_charge", UNSET))

        def _parse_packaging_charge(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        packaging_charge = _parse_packaging_charge(d.pop("packaging_charge", UNSET))

        def _parse_surge_charge(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        surge_charge = _parse_surge_charge(d.pop("surge_charge", UNSET))

        _tax_lines = d.pop("tax_lines", UNSET)
        tax_lines: list[TaxLineBody] | Unset = UNSET
        if _tax_lines is not UNSET:
            tax_lines = []
            for tax_lines_item_data in _tax_lines:
                tax_lines_item = TaxLineBody.from_dict(tax_lines_item_data)

                tax_lines.append(tax_lines_item)

        order_id = d.pop("order_id", UNSET)

        customer_id = d.pop("customer_id", UNSET)

        facility_id = d.pop("facility_id", UNSET)

        status = d.pop("status", UNSET)

        currency = d.pop("currency", UNSET)

        def _parse_total_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        total_amount = _parse_total_amount(d.pop("total_amount", UNSET))

        _order_datetime = d.pop("order_datetime", UNSET)
        order_datetime: datetime.datetime | Unset
        if isinstance(_order_datetime, Unset):
            order_datetime = UNSET
        else:
            order_datetime = datetime.datetime.fromisoformat(_order_datetime)

        def _parse_eta(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                eta_type_0 = datetime.datetime.fromisoformat(data)

                return eta_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        eta = _parse_eta(d.pop("eta", UNSET))

        def _parse_address(data: object) -> None | OrderBodyAddressType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                address_type_0 = OrderBodyAddressType0.from_dict(data)

                return address_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OrderBodyAddressType0 | Unset, data)

        address = _parse_address(d.pop("address", UNSET))

        def _parse_metadata(data: object) -> None | OrderBodyMetadataType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = OrderBodyMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OrderBodyMetadataType0 | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        _payment = d.pop("payment", UNSET)
        payment: list[PaymentPartBody] | Unset = UNSET
        if _payment is not UNSET:
            payment = []
            for payment_item_data in _payment:
                payment_item = PaymentPartBody.from_dict(payment_item_data)

                payment.append(payment_item)

        order_body = cls(
            items=items,
            discount=discount,
            handling_charge=handling_charge,
            delivery_charge=delivery_charge,
            packaging_charge=packaging_charge,
            surge_charge=surge_charge,
            tax_lines=tax_lines,
            order_id=order_id,
            customer_id=customer_id,
            facility_id=facility_id,
            status=status,
            currency=currency,
            total_amount=total_amount,
            order_datetime=order_datetime,
            eta=eta,
            address=address,
            metadata=metadata,
            payment=payment,
        )

        return order_body
