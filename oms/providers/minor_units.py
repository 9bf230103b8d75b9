"""Amounts as providers count them: whole numbers of a currency's minor unit."""

from dataclasses import dataclass
from decimal import Decimal

from oms import money
from oms.providers.provider import ProviderRefused


@dataclass(frozen=True, slots=True)
class MinorUnit:
    """How one provider counts one currency: 1 is 10^`places` minor units, and only multiples of `step` are taken."""

    places: int
    step: int = 1

    def count(self, amount: Decimal) -> int:
        """Raises `ProviderRefused` for an amount that the provider could only take rounded."""
        minor = amount.scaleb(self.places)
        if amount <= 0 or amount > money.MAX_AMOUNT or minor % self.step:
            raise ProviderRefused(f"{amount} can't be paid exactly: it needs to be a multiple of {self.smallest()}")
        return int(minor)

    def amount(self, minor: int) -> Decimal:
        return Decimal(minor).scaleb(-self.places)

    def smallest(self) -> Decimal:
        return Decimal(self.step).scaleb(-self.places)


def by_iso(currency: str) -> MinorUnit:
    """By ISO 4217. Card networks end three decimals with a zero: 99.990 dinars can be paid, 99.991 can't."""
    places = money.places(currency)
    return MinorUnit(places, 10 if places == 3 else 1)
