"""Who acts. Doors make an Actor, domains ask it; neither ever looks at a token again."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["customer", "staff", "admin", "api_key", "system"]
ROLES = ("customer", "staff", "admin")
SCOPES = ("orders:read", "orders:write", "fulfilment", "payments", "webhooks")


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is a user id, an API key's id or the name of a part of the system; `scopes` bound API keys and parts of the
    system that speak for others."""

    id: str
    kind: Kind
    scopes: frozenset[str] = frozenset()
    session_id: str | None = None

    @property
    def is_staff(self) -> bool:
        return self.kind in ("staff", "admin") or (self.kind == "system" and not self.scopes)

    @property
    def drives_fulfilment(self) -> bool:
        """May move orders along the main path: staff, and API keys of warehouses and carriers."""
        return self.is_staff or "fulfilment" in self.scopes

    @property
    def handles_money(self) -> bool:
        """Can hand money over the counter: people of the shop, and systems that take payments for it."""
        return self.kind in ("staff", "admin") or (self.kind == "api_key" and "payments" in self.scopes)

    @property
    def owner_id(self) -> str | None:
        """The only customer whose orders this actor may see; None for those who see all."""
        return self.id if self.kind == "customer" else None


def system(name: str, *scopes: str) -> Actor:
    """A part of the system that acts on its own (`sweep`), within `scopes` when it speaks for others (`fulfilment`)."""
    return Actor(name, "system", frozenset(scopes))


# Whoever has a shell on a machine of ours.
COMMAND_LINE = system("cli")
