from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.callback_view_outcome import (
    CallbackViewOutcome,
    check_callback_view_outcome,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="CallbackView")


@_attrs_define
class CallbackView:
    outcome: CallbackViewOutcome | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        outcome: str | Unset = UNSET
        if not isinstance(self.outcome, Unset):
            outcome = self.outcome

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if outcome is not UNSET:
            field_dict["outcome"] = outcome

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _outcome = d.pop("outcome", UNSET)
        outcome: CallbackViewOutcome | Unset
        if isinstance(_outcome, Unset):
            outcome = UNSET
        else:
            outcome = check_callback_view_outcome(_outcome)

        callback_view = cls(
            outcome=outcome,
        )

        return callback_view
