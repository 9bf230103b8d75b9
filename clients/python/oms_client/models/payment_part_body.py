from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.payment_part_body_payment_mode import (
    PaymentPartBodyPaymentMode,
    check_payment_part_body_payment_mode,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="PaymentPartBody")


@_attrs_define
class PaymentPartBody:
    payment_mode: PaymentPartBodyPaymentMode
    amount: float | str
    create_payment_order: bool | Unset = False
    """ Open it at the payment provider, for the customer to pay. """

    def to_dict(self) -> dict[str, Any]:
        payment_mode: str = self.payment_mode

        amount: float | str
        amount = self.amount

        create_payment_order = self.create_payment_order

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "payment_mode": payment_mode,
                "amount": amount,
            }
        )
        if create_payment_order is not UNSET:
            field_dict["create_payment_order"] = create_payment_order

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        payment_mode = check_payment_part_body_payment_mode(d.pop("payment_mode"))

        def _parse_amount(data: object) -> float | str:
            return cast(float | str, data)

        amount = _parse_amount(d.pop("amount"))

        create_payment_order = d.pop("create_payment_order", UNSET)

        payment_part_body = cls(
            payment_mode=payment_mode,
            amount=amount,
            create_payment_order=create_payment_order,
        )

        return payment_part_body
