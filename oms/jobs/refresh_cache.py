"""The job that rebuilds changed orders in the cache, in bulk."""

from functools import partial

from oms import queues
from oms.orders import cache, store
from oms.transactions import read

BATCH = 200


def refresh_cache() -> int:
    """Rebuild every order marked as changed; returns how many."""
    queues.silence(queues.REFRESH_CACHE)
    total = 0
    while order_ids := cache.take_dirty(BATCH):
        orders = read(partial(store.get_many, order_ids=order_ids))
        cache.store(orders)
        total += len(orders)
    return total
