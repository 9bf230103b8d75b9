from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.line_body_metadata import LineBodyMetadata
    from ..models.tax_line_body import TaxLineBody


T = TypeVar("T", bound="LineBody")


@_attrs_define
class LineBody:
    sku: str
    quantity: float | str
    unit_price: float | str
    discount: float | str | Unset = UNSET
    """ Taken off, at most the price itself. """
    handling_charge: float | str | Unset = UNSET
    delivery_charge: float | str | Unset = UNSET
    packaging_charge: float | str | Unset = UNSET
    surge_charge: float | str | Unset = UNSET
    tax_lines: list[TaxLineBody] | Unset = UNSET
    name: str | Unset = UNSET
    sale_price: float | str | Unset = UNSET
    """ Price per unit charged; the unit price when absent. """
    return_window_days: int | Unset = UNSET
    """ How long it can be returned; the shop's window when absent. """
    metadata: LineBodyMetadata | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        sku = self.sku

        quantity: float | str
        quantity = self.quantity

        unit_price: float | str
        unit_price = self.unit_price

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

        name = self.name

        sale_price: float | str | Unset
        if isinstance(self.sale_price, Unset):
            sale_price = UNSET
        else:
            sale_price = self.sale_price

        return_window_days = self.return_window_days

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sku": sku,
                "quantity": quantity,
                "unit_price": unit_price,
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
        if name is not UNSET:
            field_dict["name"] = name
        if sale_price is not UNSET:
            field_dict["sale_price"] = sale_price
        if return_window_days is not UNSET:
            field_dict["return_window_days"] = return_window_days
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.line_body_metadata import LineBodyMetadata  # noqa: PLC0415
        from ..models.tax_line_body import TaxLineBody  # noqa: PLC0415

        d = dict(src_dict)
        sku = d.pop("sku")

        def _parse_quantity(data: object) -> float | str:
            return cast(float | str, data)

        quantity = _parse_quantity(d.pop("quantity"))

        def _parse_unit_price(data: object) -> float | str:
            return cast(float | str, data)

        unit_price = _parse_unit_price(d.pop("unit_price"))

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

        name = d.pop("name", UNSET)

        def _parse_sale_price(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        sale_price = _parse_sale_price(d.pop("sale_price", UNSET))

        return_window_days = d.pop("return_window_days", UNSET)

        _metadata = d.pop("metadata", UNSET)
        metadata: LineBodyMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = LineBodyMetadata.from_dict(_metadata)

        line_body = cls(
            sku=sku,
            quantity=quantity,
            unit_price=unit_price,
            discount=discount,
            handling_charge=handling_charge,
            delivery_charge=delivery_charge,
            packaging_charge=packaging_charge,
            surge_charge=surge_charge,
            tax_lines=tax_lines,
            name=name,
            sale_price=sale_price,
            return_window_days=return_window_days,
            metadata=metadata,
        )

        return line_body
