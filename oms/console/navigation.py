"""The pages everybody finds in the menu: one list, in the order of the menu."""

from dataclasses import dataclass

from oms.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """`endpoint` is the page's; its own name stands for all endpoints that begin with `section`."""

    title: str
    endpoint: str
    section: str
    for_admins: bool = False


ENTRIES = (Entry("Orders", "console.orders", "console.order"),)


def entries(actor: Actor) -> list[Entry]:
    """What this person's menu has."""
    return [entry for entry in ENTRIES if not entry.for_admins or actor.kind == "admin"]
