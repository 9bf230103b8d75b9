from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.order_view_allowed_statuses_item import (
    OrderViewAllowedStatusesItem,
    check_order_view_allowed_statuses_item,
)
from ..models.order_view_managed_by import (
    OrderViewManagedBy,
    check_order_view_managed_by,
)
from ..models.order_view_payment_state import (
    OrderViewPaymentState,
    check_order_view_payment_state,
)
from ..models.order_view_status import OrderViewStatus, check_order_view_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.item_view import ItemView
    from ..models.order_view_address_type_0 import OrderViewAddressType0
    from ..models.order_view_items_type_1 import OrderViewItemsType1
    from ..models.order_view_metadata_type_0 import OrderViewMetadataType0
    from ..models.payment_view import PaymentView
    from ..models.return_view import ReturnView
    from ..models.tax_line_view import TaxLineView


T = TypeVar("T", bound="OrderView")


@_attrs_define
class OrderView:
    discount: float | str | Unset = UNSET
    handling_charge: float | str | Unset = UNSET
    delivery_charge: float | str | Unset = UNSET
    packaging_charge: float | str | Unset = UNSET
    surge_charge: float | str | Unset = UNSET
    tax_lines: list[TaxLineView] | Unset = UNSET
    order_id: str | Unset = UNSET
    id: str | Unset = UNSET
    """ The same as `order_id`. """
    status: OrderViewStatus | Unset = UNSET
    customer_status: str | Unset = UNSET
    payment_state: OrderViewPaymentState | Unset = UNSET
    allowed_statuses: list[OrderViewAllowedStatusesItem] | Unset = UNSET
    can_cancel: bool | Unset = UNSET
    managed_by: OrderViewManagedBy | Unset = UNSET
    customer_id: str | Unset = UNSET
    creator_id: str | Unset = UNSET
    facility_id: None | str | Unset = UNSET
    currency: str | Unset = UNSET
    total_amount: float | str | Unset = UNSET
    order_price: float | None | str | Unset = UNSET
    amount_due: float | str | Unset = UNSET
    """ What is still to be paid. """
    rounding_adjustment: float | str | Unset = UNSET
    items: list[ItemView] | OrderViewItemsType1 | Unset = UNSET
    """ The lines, or the free-form object the order was placed with. """
    address: None | OrderViewAddressType0 | Unset = UNSET
    payments: list[PaymentView] | Unset = UNSET
    returns: list[ReturnView] | Unset = UNSET
    invoice_number: None | str | Unset = UNSET
    exchange_of: None | str | Unset = UNSET
    """ The order this one replaces goods of. """
    order_datetime: datetime.datetime | Unset = UNSET
    eta: datetime.datetime | None | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET
    updated_at: datetime.datetime | Unset = UNSET
    version: int | Unset = UNSET
    metadata: None | OrderViewMetadataType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.order_view_address_type_0 import OrderViewAddressType0  # noqa: PLC0415
        from ..models.order_view_metadata_type_0 import OrderViewMetadataType0  # noqa: PLC0415

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

        id = self.id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        customer_status = self.customer_status

        payment_state: str | Unset = UNSET
        if not isinstance(self.payment_state, Unset):
            payment_state = self.payment_state

        allowed_statuses: list[str] | Unset = UNSET
        if not isinstance(self.allowed_statuses, Unset):
            allowed_statuses = []
            for allowed_statuses_item_data in self.allowed_statuses:
                allowed_statuses_item: str = allowed_statuses_item_data
                allowed_statuses.append(allowed_statuses_item)

        can_cancel = self.can_cancel

        managed_by: str | Unset = UNSET
        if not isinstance(self.managed_by, Unset):
            managed_by = self.managed_by

        customer_id = self.customer_id

        creator_id = self.creator_id

        facility_id: None | str | Unset
        if isinstance(self.facility_id, Unset):
            facility_id = UNSET
        else:
            facility_id = self.facility_id

        currency = self.currency

        total_amount: float | str | Unset
        if isinstance(self.total_amount, Unset):
            total_amount = UNSET
        else:
            total_amount = self.total_amount

        order_price: float | None | str | Unset
        if isinstance(self.order_price, Unset):
            order_price = UNSET
        else:
            order_price = self.order_price

        amount_due: float | str | Unset
        if isinstance(self.amount_due, Unset):
            amount_due = UNSET
        else:
            amount_due = self.amount_due

        rounding_adjustment: float | str | Unset
        if isinstance(self.rounding_adjustment, Unset):
            rounding_adjustment = UNSET
        else:
            rounding_adjustment = self.rounding_adjustment

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
        elif isinstance(self.address, OrderViewAddressType0):
            address = self.address.to_dict()
        else:
            address = self.address

        payments: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.payments, Unset):
            payments = []
            for payments_item_data in self.payments:
                payments_item = payments_item_data.to_dict()
                payments.append(payments_item)

        returns: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.returns, Unset):
            returns = []
            for returns_item_data in self.returns:
                returns_item = returns_item_data.to_dict()
                returns.append(returns_item)

        invoice_number: None | str | Unset
        if isinstance(self.invoice_number, Unset):
            invoice_number = UNSET
        else:
            invoice_number = self.invoice_number

        exchange_of: None | str | Unset
        if isinstance(self.exchange_of, Unset):
            exchange_of = UNSET
        else:
            exchange_of = self.exchange_of

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

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        updated_at: str | Unset = UNSET
        if not isinstance(self.updated_at, Unset):
            updated_at = self.updated_at.isoformat()

        version = self.version

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, OrderViewMetadataType0):
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
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if id is not UNSET:
            field_dict["id"] = id
        if status is not UNSET:
            field_dict["status"] = status
        if customer_status is not UNSET:
            field_dict["customer_status"] = customer_status
        if payment_state is not UNSET:
            field_dict["payment_state"] = payment_state
        if allowed_statuses is not UNSET:
            field_dict["allowed_statuses"] = allowed_statuses
        if can_cancel is not UNSET:
            field_dict["can_cancel"] = can_cancel
        if managed_by is not UNSET:
            field_dict["managed_by"] = managed_by
        if customer_id is not UNSET:
            field_dict["customer_id"] = customer_id
        if creator_id is not UNSET:
            field_dict["creator_id"] = creator_id
        if facility_id is not UNSET:
            field_dict["facility_id"] = facility_id
        if currency is not UNSET:
            field_dict["currency"] = currency
        if total_amount is not UNSET:
            field_dict["total_amount"] = total_amount
        if order_price is not UNSET:
            field_dict["order_price"] = order_price
        if amount_due is not UNSET:
            field_dict["amount_due"] = amount_due
        if rounding_adjustment is not UNSET:
            field_dict["rounding_adjustment"] = rounding_adjustment
        if items is not UNSET:
            field_dict["items"] = items
        if address is not UNSET:
            field_dict["address"] = address
        if payments is not UNSET:
            field_dict["payments"] = payments
        if returns is not UNSET:
            field_dict["returns"] = returns
        if invoice_number is not UNSET:
            field_dict["invoice_number"] = invoice_number
        if exchange_of is not UNSET:
            field_dict["exchange_of"] = exchange_of
        if order_datetime is not UNSET:
            field_dict["order_datetime"] = order_datetime
        if eta is not UNSET:
            field_dict["eta"] = eta
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if updated_at is not UNSET:
            field_dict["updated_at"] = updated_at
        if version is not UNSET:
            field_dict["version"] = version
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.item_view import ItemView  # noqa: PLC0415
        from ..models.order_view_address_type_0 import OrderViewAddressType0  # noqa: PLC0415
        from ..models.order_view_items_type_1 import OrderViewItemsType1  # noqa: PLC0415
        from ..models.order_view_metadata_type_0 import OrderViewMetadataType0  # noqa: PLC0415
        from ..models.payment_view import PaymentView  # noqa: PLC0415
        from ..models.return_view import ReturnView  # noqa: PLC0415
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

        order_id = d.pop("order_id", UNSET)

        id = d.pop("id", UNSET)

        _status = d.pop("status", UNSET)
        status: OrderViewStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_order_view_status(_status)

        customer_status = d.pop("customer_status", UNSET)

        _payment_state = d.pop("payment_state", UNSET)
        payment_state: OrderViewPaymentState | Unset
        if isinstance(_payment_state, Unset):
            payment_state = UNSET
        else:
            payment_state = check_order_view_payment_state(_payment_state)

        _allowed_statuses = d.pop("allowed_statuses", UNSET)
        allowed_statuses: list[OrderViewAllowedStatusesItem] | Unset = UNSET
        if _allowed_statuses is not UNSET:
            allowed_statuses = []
            for allowed_statuses_item_data in _allowed_statuses:
                allowed_statuses_item = check_order_view_allowed_statuses_item(allowed_statuses_item_data)

                allowed_statuses.append(allowed_statuses_item)

        can_cancel = d.pop("can_cancel", UNSET)

        _managed_by = d.pop("managed_by", UNSET)
        managed_by: OrderViewManagedBy | Unset
        if isinstance(_managed_by, Unset):
            managed_by = UNSET
        else:
            managed_by = check_order_view_managed_by(_managed_by)

        customer_id = d.pop("customer_id", UNSET)

        creator_id = d.pop("creator_id", UNSET)

        def _parse_facility_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        facility_id = _parse_facility_id(d.pop("facility_id", UNSET))

        currency = d.pop("currency", UNSET)

        def _parse_total_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        total_amount = _parse_total_amount(d.pop("total_amount", UNSET))

        def _parse_order_price(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        order_price = _parse_order_price(d.pop("order_price", UNSET))

        def _parse_amount_due(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount_due = _parse_amount_due(d.pop("amount_due", UNSET))

        def _parse_rounding_adjustment(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        rounding_adjustment = _parse_rounding_adjustment(d.pop("rounding_adjustment", UNSET))

        def _parse_items(data: object) -> list[ItemView] | OrderViewItemsType1 | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                items_type_0 = []
                _items_type_0 = data
                for items_type_0_item_data in _items_type_0:
                    items_type_0_item = ItemView.from_dict(items_type_0_item_data)

                    items_type_0.append(items_type_0_item)

                return items_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            items_type_1 = OrderViewItemsType1.from_dict(data)

            return items_type_1

        items = _parse_items(d.pop("items", UNSET))

        def _parse_address(data: object) -> None | OrderViewAddressType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                address_type_0 = OrderViewAddressType0.from_dict(data)

                return address_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OrderViewAddressType0 | Unset, data)

        address = _parse_address(d.pop("address", UNSET))

        _payments = d.pop("payments", UNSET)
        payments: list[PaymentView] | Unset = UNSET
        if _payments is not UNSET:
            payments = []
            for payments_item_data in _payments:
                payments_item = PaymentView.from_dict(payments_item_data)

                payments.append(payments_item)

        _returns = d.pop("returns", UNSET)
        returns: list[ReturnView] | Unset = UNSET
        if _returns is not UNSET:
            returns = []
            for returns_item_data in _returns:
                returns_item = ReturnView.from_dict(returns_item_data)

                returns.append(returns_item)

        def _parse_invoice_number(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        invoice_number = _parse_invoice_number(d.pop("invoice_number", UNSET))

        def _parse_exchange_of(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        exchange_of = _parse_exchange_of(d.pop("exchange_of", UNSET))

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

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        _updated_at = d.pop("updated_at", UNSET)
        updated_at: datetime.datetime | Unset
        if isinstance(_updated_at, Unset):
            updated_at = UNSET
        else:
            updated_at = datetime.datetime.fromisoformat(_updated_at)

        version = d.pop("version", UNSET)

        def _parse_metadata(data: object) -> None | OrderViewMetadataType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = OrderViewMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OrderViewMetadataType0 | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        order_view = cls(
            discount=discount,
            handling_charge=handling_charge,
            delivery_charge=delivery_charge,
            packaging_charge=packaging_charge,
            surge_charge=surge_charge,
            tax_lines=tax_lines,
            order_id=order_id,
            id=id,
            status=status,
            customer_status=customer_status,
            payment_state=payment_state,
            allowed_statuses=allowed_statuses,
            can_cancel=can_cancel,
            managed_by=managed_by,
            customer_id=customer_id,
            creator_id=creator_id,
            facility_id=facility_id,
            currency=currency,
            total_amount=total_amount,
            order_price=order_price,
            amount_due=amount_due,
            rounding_adjustment=rounding_adjustment,
            items=items,
            address=address,
            payments=payments,
            returns=returns,
            invoice_number=invoice_number,
            exchange_of=exchange_of,
            order_datetime=order_datetime,
            eta=eta,
            created_at=created_at,
            updated_at=updated_at,
            version=version,
            metadata=metadata,
        )

        return order_view
