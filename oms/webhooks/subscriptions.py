"""Which events an endpoint is told of: exact types, or the beginning of some (`order.*`), of all orders or of one
customer's or facility's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from oms.errors import Invalid
from oms.orders import events

TEST = "oms.webhook.test.v1"
ENDPOINT_DISABLED = "oms.webhook_endpoint.disabled.v1"
ALL = "oms.*"
_OURS = "oms."


@cache
def offered() -> frozenset[str]:
    """The types one can subscribe to. `oms.new_order.v1` is not among them: it is `oms.order.created.v1` in fewer
    words."""
    return frozenset(events.schemas()) - {events.NEW_ORDER} | {ENDPOINT_DISABLED}


def normalised(patterns: Sequence[str]) -> list[str]:
    """Patterns as they are kept, without repetitions, `*` and `order.*` with `oms.` in front.

    Raises `Invalid` (unknown_event_type, with a pointer) for one that no event matches.
    """
    found: dict[str, None] = {}
    for position, pattern in enumerate(patterns):
        whole = pattern if pattern.startswith(_OURS) else _OURS + pattern
        if not any(matches((whole,), kind) for kind in offered()):
            raise Invalid.at(f"/event_types/{position}", "No event has this type.", code="unknown_event_type")
        found[whole] = None
    return list(found)


def matches(patterns: Iterable[str], kind: str) -> bool:
    return any(kind == pattern or (pattern.endswith(".*") and kind.startswith(pattern[:-1])) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one endpoint asked for; None means all of them."""

    endpoint_id: str
    event_types: tuple[str, ...]
    customer_id: str | None
    facility_id: str | None

    @property
    def is_narrow(self) -> bool:
        """Whether it takes a look at the event itself to decide."""
        return self.customer_id is not None or self.facility_id is not None

    def wants(self, kind: str, about: Mapping[str, Any]) -> bool:
        """`about` is the event's payload; asked only for a narrow one. Another subscriber's endpoint is told of to
        those only who ask for just that."""
        patterns = [pattern for pattern in self.event_types if pattern != ALL or kind != ENDPOINT_DISABLED]
        return (
            kind in offered()
            and matches(patterns, kind)
            and self.customer_id in (None, about.get("customer_id"))
            and self.facility_id in (None, about.get("facility_id"))
        )
