from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="RetryBody")


@_attrs_define
class RetryBody:
    by_hand: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        by_hand = self.by_hand

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if by_hand is not UNSET:
            field_dict["by_hand"] = by_hand

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        by_hand = d.pop("by_hand", UNSET)

        retry_body = cls(
            by_hand=by_hand,
        )

        return retry_body
