from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.line_body import LineBody
    from ..models.update_body_address_type_0 import UpdateBodyAddressType0
    from ..models.update_body_items_type_1 import UpdateBodyItemsType1
    from ..models.update_body_metadata_type_0 import UpdateBodyMetadataType0


T = TypeVar("T", bound="UpdateBody")


@_attrs_define
class UpdateBody:
    order_id: str | Unset = UNSET
    customer_id: str | Unset = UNSET
    currency: str | Unset = UNSET
    order_datetime: datetime.datetime | Unset = UNSET
    order_price: float | None | str | Unset = UNSET
    status: str | Unset = UNSET
    facility_id: str | Unset = UNSET
    total_amount: float | str | Unset = UNSET
    eta: datetime.datetime | None | Unset = UNSET
    items: list[LineBody] | Unset | UpdateBodyItemsType1 = UNSET
    """ The new lines (or the new free-form object), while cancellable. """
    address: None | Unset | UpdateBodyAddressType0 = UNSET
    metadata: None | Unset | UpdateBodyMetadataType0 = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.update_body_address_type_0 import UpdateBodyAddressType0  # noqa: PLC0415
        from ..models.update_body_metadata_type_0 import UpdateBodyMetadataType0  # noqa: PLC0415

        order_id = self.order_id

        customer_id = self.customer_id

        currency = self.currency

        order_datetime: str | Unset = UNSET
        if not isinstance(self.order_datetime, Unset):
            order_datetime = self.order_datetime.isoformat()

        order_price: float | None | str | Unset
        if isinstance(self.order_price, Unset):
            order_price = UNSET
        else:
            order_price = self.order_price

        status = self.status

        facility_id = self.facility_id

        total_amount: float | str | Unset
        if isinstance(self.total_amount, Unset):
            total_amount = UNSET
        else:
            total_amount = self.total_amount

        eta: None | str | Unset
        if isinstance(self.eta, Unset):
            eta = UNSET
        elif isinstance(self.eta, datetime.datetime):
            eta = self.eta.isoformat()
        else:
            eta = self.eta

        items: dict[str, Any] | list[dict[str, Any]] | Unset
        if isinstance(self.items, Unset):
            items = UNSET
        elif isinstance(self.items, list):
            items = []
            for items_type_0_item_data in self.items:
                items_type_0_item = items_type_0_item_data.to_dict()
                items.append(items_type_0_item)

        else:
            items = self.items.to_dict()

        address: dict[str, Any] | None | Unset
        if isinstance(self.address, Unset):
            address = UNSET
        elif isinstance(self.address, UpdateBodyAddressType0):
            address = self.address.to_dict()
        else:
            address = self.address

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, UpdateBodyMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if customer_id is not UNSET:
            field_dict["customer_id"] = customer_id
        if currency is not UNSET:
            field_dict["currency"] = currency
        if order_datetime is not UNSET:
            field_dict["order_datetime"] = order_datetime
        if order_price is not UNSET:
            field_dict["order_price"] = order_price
        if status is not UNSET:
            field_dict["status"] = status
        if facility_id is not UNSET:
            field_dict["facility_id"] = facility_id
        if total_amount is not UNSET:
            field_dict["total_amount"] = total_amount
        if eta is not UNSET:
            field_dict["eta"] = eta
        if items is not UNSET:
            field_dict["items"] = items
        if address is not UNSET:
            field_dict["address"] = address
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.line_body import LineBody  # noqa: PLC0415
        from ..models.update_body_address_type_0 import UpdateBodyAddressType0  # noqa: PLC0415
        from ..models.update_body_items_type_1 import UpdateBodyItemsType1  # noqa: PLC0415
        from ..models.update_body_metadata_type_0 import UpdateBodyMetadataType0  # noqa: PLC0415

        d = dict(src_dict)
        order_id = d.pop("order_id", UNSET)

        customer_id = d.pop("customer_id", UNSET)

        currency = d.pop("currency", UNSET)

        _order_datetime = d.pop("order_datetime", UNSET)
        order_datetime: datetime.datetime | Unset
        if isinstance(_order_datetime, Unset):
            order_datetime = UNSET
        else:
            order_datetime = datetime.datetime.fromisoformat(_order_datetime)

        def _parse_order_price(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        order_price = _parse_order_price(d.pop("order_price", UNSET))

        status = d.pop("status", UNSET)

        facility_id = d.pop("facility_id", UNSET)

        def _parse_total_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        total_amount = _parse_total_amount(d.pop("total_amount", UNSET))

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

        def _parse_items(data: object) -> list[LineBody] | Unset | UpdateBodyItemsType1:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                items_type_0 = []
                _items_type_0 = data
                for items_type_0_item_data in _items_type_0:
                    items_type_0_item = LineBody.from_dict(items_type_0_item_data)

                    items_type_0.append(items_type_0_item)

                return items_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            items_type_1 = UpdateBodyItemsType1.from_dict(data)

            return items_type_1

        items = _parse_items(d.pop("items", UNSET))

        def _parse_address(data: object) -> None | Unset | UpdateBodyAddressType0:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                address_type_0 = UpdateBodyAddressType0.from_dict(data)

                return address_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UpdateBodyAddressType0, data)

        address = _parse_address(d.pop("address", UNSET))

        def _parse_metadata(data: object) -> None | Unset | UpdateBodyMetadataType0:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = UpdateBodyMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UpdateBodyMetadataType0, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        update_body = cls(
            order_id=order_id,
            customer_id=customer_id,
            currency=currency,
            order_datetime=order_datetime,
            order_price=order_price,
            status=status,
            facility_id=facility_id,
            total_amount=total_amount,
            eta=eta,
            items=items,
            address=address,
            metadata=metadata,
        )

        return update_body
