from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.document_body_items import DocumentBodyItems
    from ..models.document_body_metadata_type_0 import DocumentBodyMetadataType0


T = TypeVar("T", bound="DocumentBody")


@_attrs_define
class DocumentBody:
    items: DocumentBodyItems
    order_id: str | Unset = UNSET
    """ Made by the server when absent. """
    order_price: float | None | str | Unset = UNSET
    currency: str | Unset = UNSET
    metadata: DocumentBodyMetadataType0 | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.document_body_metadata_type_0 import DocumentBodyMetadataType0  # noqa: PLC0415

        items = self.items.to_dict()

        order_id = self.order_id

        order_price: float | None | str | Unset
        if isinstance(self.order_price, Unset):
            order_price = UNSET
        else:
            order_price = self.order_price

        currency = self.currency

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, DocumentBodyMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
            }
        )
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if order_price is not UNSET:
            field_dict["order_price"] = order_price
        if currency is not UNSET:
            field_dict["currency"] = currency
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.document_body_items import DocumentBodyItems  # noqa: PLC0415
        from ..models.document_body_metadata_type_0 import DocumentBodyMetadataType0  # noqa: PLC0415

        d = dict(src_dict)
        items = DocumentBodyItems.from_dict(d.pop("items"))

        order_id = d.pop("order_id", UNSET)

        def _parse_order_price(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        order_price = _parse_order_price(d.pop("order_price", UNSET))

        currency = d.pop("currency", UNSET)

        def _parse_metadata(data: object) -> DocumentBodyMetadataType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = DocumentBodyMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DocumentBodyMetadataType0 | None | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        document_body = cls(
            items=items,
            order_id=order_id,
            order_price=order_price,
            currency=currency,
            metadata=metadata,
        )

        return document_body
