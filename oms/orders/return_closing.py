"""A received return is closed once everything it was for has been given back."""

from oms.accounts.actor import Actor
from oms.orders import events, return_steps
from oms.orders.order import Order, ReturnRequest, refunds_of
from oms.orders.store import Change

CAUSE = "return:"


def cause_of(request: ReturnRequest) -> str:
    """What a refund for this return is caused by."""
    return CAUSE + request.return_id


def close_if_settled(order: Order, change: Change, actor: Actor, request: ReturnRequest) -> None:
    """Close a received return nothing has to be given back for (any more)."""
    waiting = any(share.status != "processed" for share in refunds_of(order) if share.cause == cause_of(request))
    if request.status != return_steps.RECEIVED or waiting:
        return
    request.status = return_steps.CLOSED
    change.add_return(request)
    change.note(order, actor, "return.closed", {"return_id": request.return_id})
    change.events.append(events.return_changed(order, actor, request))
