"""The steps of a return request as data. Pure."""

from oms.errors import InvalidTransition
from oms.orders.order import ReturnRequest

REQUESTED, ACCEPTED, RECEIVED, CLOSED = "requested", "accepted", "received", "closed"
REJECTED, CANCELLED = "rejected", "cancelled"
STEPS: dict[str, tuple[str, ...]] = {
    REQUESTED: (ACCEPTED, REJECTED, CANCELLED),
    ACCEPTED: (RECEIVED, REJECTED, CANCELLED),
    RECEIVED: (CLOSED,),
    CLOSED: (),
    REJECTED: (),
    CANCELLED: (),
}
# What a step amounts to that is repeated after the one that follows by itself.
_REACHED = {(CLOSED, RECEIVED), (RECEIVED, ACCEPTED), (CLOSED, ACCEPTED)}


def reached(request: ReturnRequest, target: str) -> bool:
    """Whether the request stands there already, or has gone on from there: repeating the step changes nothing.

    Raises `InvalidTransition` invalid_return_step with `allowed` when the step can't be taken from where it stands.
    """
    if request.status == target or (request.status, target) in _REACHED:
        return True
    if target not in STEPS[request.status]:
        raise InvalidTransition(
            f"A return request that is {request.status} can't be {target}.",
            code="invalid_return_step",
            allowed=list(STEPS[request.status]),
            current=request.status,
        )
    return False
