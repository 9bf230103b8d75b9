from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ImportErrorView")


@_attrs_define
class ImportErrorView:
    row: int | Unset = UNSET
    order_id: None | str | Unset = UNSET
    code: str | Unset = UNSET
    pointer: str | Unset = UNSET
    """ Into the body of `POST /orders` that the row stands for. """
    detail: str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        row = self.row

        order_id: None | str | Unset
        if isinstance(self.order_id, Unset):
            order_id = UNSET
        else:
            order_id = self.order_id

        code = self.code

        pointer = self.pointer

        detail = self.detail

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if row is not UNSET:
            field_dict["row"] = row
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if code is not UNSET:
            field_dict["code"] = code
        if pointer is not UNSET:
            field_dict["pointer"] = pointer
        if detail is not UNSET:
            field_dict["detail"] = detail

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        row = d.pop("row", UNSET)

        def _parse_order_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        order_id = _parse_order_id(d.pop("order_id", UNSET))

        code = d.pop("code", UNSET)

        pointer = d.pop("pointer", UNSET)

        detail = d.pop("detail", UNSET)

        import_error_view = cls(
            row=row,
            order_id=order_id,
            code=code,
            pointer=pointer,
            detail=detail,
        )

        return import_error_view
