"""What is added to or taken off a price: a discount, charges and taxes, of a line or of the whole order. Pure.

A tax line has a rate in percent or a fixed amount. One that is `included` says how much of the price is tax; only the
others are added.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms import money
from oms.money import ZERO

CHARGES = ("handling_charge", "delivery_charge", "packaging_charge", "surge_charge")
AMOUNTS = ("discount", *CHARGES)


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax. `amount` is the server's whenever there is a rate."""

    name: str
    amount: Decimal
    rate: Decimal | None = None
    included: bool = False

    def on(self, base: Decimal, currency: str) -> "TaxLine":
        """The same tax on another base; a fixed amount stays."""
        if self.rate is None:
            return self
        whole = Decimal(100) + (self.rate if self.included else ZERO)
        return TaxLine(self.name, money.rounded(base * self.rate / whole, currency), self.rate, self.included)


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Amounts in the order's currency, none of them negative."""

    discount: Decimal = ZERO
    handling_charge: Decimal = ZERO
    delivery_charge: Decimal = ZERO
    packaging_charge: Decimal = ZERO
    surge_charge: Decimal = ZERO
    tax_lines: tuple[TaxLine, ...] = ()

    @property
    def charges(self) -> Decimal:
        return self.handling_charge + self.delivery_charge + self.packaging_charge + self.surge_charge

    @property
    def tax_amount(self) -> Decimal:
        """The taxes that are added; those included in the price are in it already."""
        return sum((tax.amount for tax in self.tax_lines if not tax.included), ZERO)

    def asked(self) -> tuple[Any, ...]:
        """What was asked for, without what the server makes of it: two of these that are equal ask for the same."""
        taxes = ((tax.name, tax.rate, tax.included, tax.amount if tax.rate is None else None) for tax in self.tax_lines)
        return (*(getattr(self, name) for name in AMOUNTS), *taxes)

    def taxed(self, base: Decimal, currency: str) -> "Adjustments":
        """The same with every tax computed on `base`."""
        if not self.tax_lines:
            return self
        taxes = tuple(tax.on(base, currency) for tax in self.tax_lines)
        return Adjustments(
            self.discount,
            self.handling_charge,
            self.delivery_charge,
            self.packaging_charge,
            self.surge_charge,
            taxes,
        )


NONE = Adjustments()


def of_body(data: Mapping[str, Any]) -> Adjustments:
    """From a loaded body; the taxes are computed later, when their base is known."""
    taxes = tuple(
        TaxLine(tax["name"], tax.get("amount", ZERO), tax.get("rate"), tax["included"])
        for tax in data.get("tax_lines") or ()
    )
    amounts: dict[str, Any] = {name: data[name] for name in AMOUNTS if data.get(name)}
    return Adjustments(**amounts, tax_lines=taxes) if amounts or taxes else NONE


def of_row(values: list[Any] | None) -> Adjustments:
    """From the database's array: the five amounts as text, then the tax lines; None stands for nothing at all."""
    if values is None:
        return NONE
    taxes = tuple(
        TaxLine(tax["name"], Decimal(tax["amount"]), _decimal(tax.get("rate")), tax["included"])
        for tax in values[5] or ()
    )
    amounts: dict[str, Any] = dict(zip(AMOUNTS, map(Decimal, values[:5]), strict=True))
    return Adjustments(**amounts, tax_lines=taxes)


def tax_rows(taxes: tuple[TaxLine, ...]) -> list[dict[str, Any]] | None:
    """What the `tax_lines` column holds; None for no tax."""
    return [
        {
            "name": tax.name,
            "amount": f"{tax.amount:f}",
            "rate": None if tax.rate is None else f"{tax.rate:f}",
            "included": tax.included,
        }
        for tax in taxes
    ] or None


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
