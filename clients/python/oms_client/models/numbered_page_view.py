from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.order_view import OrderView


T = TypeVar("T", bound="NumberedPageView")


@_attrs_define
class NumberedPageView:
    items: list[OrderView] | Unset = UNSET
    page: int | Unset = UNSET
    page_size: int | Unset = UNSET
    total_items: int | Unset = UNSET
    total_pages: int | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        items: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.items, Unset):
            items = []
            for items_item_data in self.items:
                items_item = items_item_data.to_dict()
                items.append(items_item)

        page = self.page

        page_size = self.page_size

        total_items = self.total_items

        total_pages = self.total_pages

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if items is not UNSET:
            field_dict["items"] = items
        if page is not UNSET:
            field_dict["page"] = page
        if page_size is not UNSET:
            field_dict["page_size"] = page_size
        if total_items is not UNSET:
            field_dict["total_items"] = total_items
        if total_pages is not UNSET:
            field_dict["total_pages"] = total_pages

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.order_view import OrderView  # noqa: PLC0415

        d = dict(src_dict)
        _items = d.pop("items", UNSET)
        items: list[OrderView] | Unset = UNSET
        if _items is not UNSET:
            items = []
            for items_item_data in _items:
                items_item = OrderView.from_dict(items_item_data)

                items.append(items_item)

        page = d.pop("page", UNSET)

        page_size = d.pop("page_size", UNSET)

        total_items = d.pop("total_items", UNSET)

        total_pages = d.pop("total_pages", UNSET)

        numbered_page_view = cls(
            items=items,
            page=page,
            page_size=page_size,
            total_items=total_items,
            total_pages=total_pages,
        )

        return numbered_page_view
