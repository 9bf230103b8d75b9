from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.payment_body_mode import PaymentBodyMode, check_payment_body_mode
from ..types import UNSET, Unset

T = TypeVar("T", bound="PaymentBody")


@_attrs_define
class PaymentBody:
    mode: PaymentBodyMode
    amount: float | str | Unset = UNSET
    """ What is due when absent. """

    def to_dict(self) -> dict[str, Any]:
        mode: str = self.mode

        amount: float | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mode": mode,
            }
        )
        if amount is not UNSET:
            field_dict["amount"] = amount

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        mode = check_payment_body_mode(d.pop("mode"))

        def _parse_amount(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))

        payment_body = cls(
            mode=mode,
            amount=amount,
        )

        return payment_body
