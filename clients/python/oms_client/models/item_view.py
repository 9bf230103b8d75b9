from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.item_view_status import ItemViewStatus, check_item_view_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.item_view_metadata_type_0 import ItemViewMetadataType0
    from ..models.tax_line_view import TaxLineView


T = TypeVar("T", bound="ItemView")


@_attrs_define
class ItemView:
    discount: float | str | Unset = UNSET
    handling_charge: float | str | Unset = UNSET
    delivery_charge: float | str | Unset = UNSET
    packaging_charge: float | str | Unset = UNSET
    surge_charge: float | str | Unset = UNSET
    tax_lines: list[TaxLineView] | Unset = UNSET
    line_no: int | Unset = UNSET
    sku: str | Unset = UNSET
    name: None | str | Unset = UNSET
    quantity: float | str | Unset = UNSET
    unit_price: float | str | Unset = UNSET
    sale_price: float | str | Unset = UNSET
    status: ItemViewStatus | Unset = UNSET
    cancelled_quantity: float | str | Unset = UNSET
    shipped_quantity: float | str | Unset = UNSET
    delivered_quantity: float | str | Unset = UNSET
    returned_quantity: float | str | Unset = UNSET
    refunded_quantity: float | str | Unset = UNSET
    """ Units paid back that were not cancelled: returned, or refunded by line. """
    return_window_days: int | None | Unset = UNSET
    delivered_at: datetime.datetime | None | Unset = UNSET
    metadata: ItemViewMetadataType0 | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.item_view_metadata_type_0 import ItemViewMetadataType0  # noqa: PLC0415

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

        line_no = self.line_no

        sku = self.sku

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        quantity: float | str | Unset
        if isinstance(self.quantity, Unset):
            quantity = UNSET
        else:
            quantity = self.quantity

        unit_price: float | str | Unset
        if isinstance(self.unit_price, Unset):
            unit_price = UNSET
        else:
            unit_price = self.unit_price

        sale_price: float | str | Unset
        if isinstance(self.sale_price, Unset):
            sale_price = UNSET
        else:
            sale_price = self.sale_price

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        cancelled_quantity: float | str | Unset
        if isinstance(self.cancelled_quantity, Unset):
            cancelled_quantity = UNSET
        else:
            cancelled_quantity = self.cancelled_quantity

        shipped_quantity: float | str | Unset
        if isinstance(self.shipped_quantity, Unset):
            shipped_quantity = UNSET
        else:
            shipped_quantity = self.shipped_quantity

        delivered_quantity: float | str | Unset
        if isinstance(self.delivered_quantity, Unset):
            delivered_quantity = UNSET
        else:
            delivered_quantity = self.delivered_quantity

        returned_quantity: float | str | Unset
        if isinstance(self.returned_quantity, Unset):
            returned_quantity = UNSET
        else:
            returned_quantity = self.returned_quantity

        refunded_quantity: float | str | Unset
        if isinstance(self.refunded_quantity, Unset):
            refunded_quantity = UNSET
        else:
            refunded_quantity = self.refunded_quantity

        return_window_days: int | None | Unset
        if isinstance(self.return_window_days, Unset):
            return_window_days = UNSET
        else:
            return_window_days = self.return_window_days

        delivered_at: None | str | Unset
        if isinstance(self.delivered_at, Unset):
            delivered_at = UNSET
        elif isinstance(self.delivered_at, datetime.datetime):
            delivered_at = self.delivered_at.isoformat()
        else:
            delivered_at = self.delivered_at

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, ItemViewMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        field_dict: dict[str, Any] = {}

        field_dict.update({})
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
        if line_no is not UNSET:
            field_dict["line_no"] = line_no
        if sku is not UNSET:
            field_dict["sku"] = sku
        if name is not UNSET:
            field_dict["name"] = name
        if quantity is not UNSET:
            field_dict["quantity"] = quantity
        if unit_price is not UNSET:
            field_dict["unit_price"] = unit_price
        if sale_price is not UNSET:
            field_dict["sale_price"] = sale_price
        if status is not UNSET:
            field_dict["status"] = status
        if cancelled_quantity is not UNSET:
            field_dict["cancelled_quantity"] = cancelled_quantity
        if shipped_quantity is not UNSET:
            field_dict["shipped_quantity"] = shipped_quantity
        if delivered_quantity is not UNSET:
            field_dict["delivered_quantity"] = delivered_quantity
        if returned_quantity is not UNSET:
            field_dict["returned_quantity"] = returned_quantity
        if refunded_quantity is not UNSET:
            field_dict["refunded_quantity"] = refunded_quantity
        if return_window_days is not UNSET:
            field_dict["return_window_days"] = return_window_days
        if delivered_at is not UNSET:
            field_dict["delivered_at"] = delivered_at
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.item_view_metadata_type_0 import ItemViewMetadataType0  # noqa: PLC0415
        from ..models.tax_line_view import TaxLineView  # noqa: PLC0415

        d = dict(src_dict)

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
        tax_lines: list[TaxLineView] | Unset = UNSET
        if _tax_lines is not UNSET:
            tax_lines = []
            for tax_lines_item_data in _tax_lines:
                tax_lines_item = TaxLineView.from_dict(tax_lines_item_data)

                tax_lines.append(tax_lines_item)

        line_no = d.pop("line_no", UNSET)

        sku = d.pop("sku", UNSET)

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_quantity(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        quantity = _parse_quantity(d.pop("quantity", UNSET))

        def _parse_unit_price(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        unit_price = _parse_unit_price(d.pop("unit_price", UNSET))

        def _parse_sale_price(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        sale_price = _parse_sale_price(d.pop("sale_price", UNSET))

        _status = d.pop("status", UNSET)
        status: ItemViewStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_item_view_status(_status)

        def _parse_cancelled_quantity(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        cancelled_quantity = _parse_cancelled_quantity(d.pop("cancelled_quantity", UNSET))

        def _parse_shipped_quantity(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        shipped_quantity = _parse_shipped_quantity(d.pop("shipped_quantity", UNSET))

        def _parse_delivered_quantity(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        delivered_quantity = _parse_delivered_quantity(d.pop("delivered_quantity", UNSET))

        def _parse_returned_quantity(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        returned_quantity = _parse_returned_quantity(d.pop("returned_quantity", UNSET))

        def _parse_refunded_quantity(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        refunded_quantity = _parse_refunded_quantity(d.pop("refunded_quantity", UNSET))

        def _parse_return_window_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        return_window_days = _parse_return_window_days(d.pop("return_window_days", UNSET))

        def _parse_delivered_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                delivered_at_type_0 = datetime.datetime.fromisoformat(data)

                return delivered_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        delivered_at = _parse_delivered_at(d.pop("delivered_at", UNSET))

        def _parse_metadata(data: object) -> ItemViewMetadataType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = ItemViewMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ItemViewMetadataType0 | None | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        item_view = cls(
            discount=discount,
            handling_charge=handling_charge,
            delivery_charge=delivery_charge,
            packaging_charge=packaging_charge,
            surge_charge=surge_charge,
            tax_lines=tax_lines,
            line_no=line_no,
            sku=sku,
            name=name,
            quantity=quantity,
            unit_price=unit_price,
            sale_price=sale_price,
            status=status,
            cancelled_quantity=cancelled_quantity,
            shipped_quantity=shipped_quantity,
            delivered_quantity=delivered_quantity,
            returned_quantity=returned_quantity,
            refunded_quantity=refunded_quantity,
            return_window_days=return_window_days,
            delivered_at=delivered_at,
            metadata=metadata,
        )

        return item_view
