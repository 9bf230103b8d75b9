"""What consumers were told of some orders, held to the promise: every event, in order by key, repeats as they were."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tests.floor.topics import Arrived, first_sequences


def told_once_and_in_order(heard: Iterable[Arrived], orders: Sequence[str], versions: int) -> int:
    """Check it for orders whose every version, from 1, had one event; returns how many messages were repeats.

    A repeat is the same event: id, place and body. Whoever skips the ids he knows has each order's events in order.
    After a crash an order goes on from an earlier place and never from a later one: nothing is left out on the way.
    """
    mine = [message for message in heard if message.key in set(orders)]
    events: dict[str, set[tuple[str, str, bytes]]] = defaultdict(set)
    by_key: dict[str, list[int]] = defaultdict(list)
    for message in mine:
        events[message.id].add((message.key, message.sequence, message.body))
        by_key[message.key].append(int(message.sequence.partition(".")[0]))
    assert all(len(seen) == 1 for seen in events.values()), "an id stands for two events"
    assert len({place[:2] for seen in events.values() for place in seen}) == len(events), "an event has two ids"
    expected = [f"{version:010d}.0000" for version in range(1, versions + 1)]
    firsts = first_sequences(mine)
    assert all(firsts[order_id] == expected for order_id in orders)
    for told in by_key.values():
        assert all(later <= earlier + 1 for earlier, later in pairwise(told)), "a gap in the order"
    return len(mine) - len(events)
