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


ENTRIES = (
    Entry("Dashboard", "console.dashboard", "console.dashboard"),
    Entry("Orders", "console.orders", "console.orders"),
    Entry("Imports", "console.order_imports", "console.order_import"),
    Entry("Stuck orders", "console.stuck_orders", "console.stuck"),
    Entry("Dead letters", "console.dead_letters", "console.dead_letter"),
    Entry("Failed jobs", "console.failed_jobs", "console.failed_jobs"),
    Entry("Webhooks", "console.webhooks", "console.webhook"),
    Entry("People", "console.people", "console.pe", for_admins=True),
    Entry("API keys", "console.api_keys", "console.api_key", for_admins=True),
    Entry("Audit log", "console.audit_log", "console.audit_log", for_admins=True),
)


def entries(actor: Actor) -> list[Entry]:
    """What this person's menu has."""
    return [entry for entry in ENTRIES if not entry.for_admins or actor.kind == "admin"]
