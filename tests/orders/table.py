"""The design's lifecycle once more, in its own words, so that a slip in either is seen."""

TABLE = """
pending: confirmed cancelled
confirmed: processing packed shipped cancelled
processing: packed shipped cancelled
packed: shipped cancelled
shipped: delivered partially_delivered delivery_failed
partially_delivered: delivered return_requested
delivery_failed: shipped cancelled returned
delivered: return_requested
return_requested: returned delivered partially_delivered
cancelled:
returned:
"""
STEPS = {
    (current.strip(), target)
    for current, _, targets in (row.partition(":") for row in TABLE.strip().splitlines())
    for target in targets.split()
}
MAIN = ["pending", "confirmed", "processing", "packed", "shipped", "delivered"]
ALL = [row.partition(":")[0] for row in TABLE.strip().splitlines()]
JUMPS = {(a, b): tuple(MAIN[i + 1 : j]) for i, a in enumerate(MAIN) for j, b in enumerate(MAIN) if j > i + 1}
FORWARD_JUMPS = {pair: skipped for pair, skipped in JUMPS.items() if pair not in STEPS}
CUSTOMER_CANCELS = {"pending", "confirmed", "processing"}
STAFF_CANCELS = CUSTOMER_CANCELS | {"packed", "delivery_failed"}
BEHIND = {
    **{status: set(MAIN[: MAIN.index(status)]) for status in MAIN},
    "partially_delivered": set(MAIN[:5]),
    "delivery_failed": set(MAIN[:4]),
    "return_requested": set(MAIN),
    "returned": set(MAIN),
    "cancelled": set(),
}


def predict(current: str, target: str, who: str, *, owner_managed: bool, paid: bool) -> tuple[str, ...] | str | None:
    """What comes of a step: the statuses it skips, None when nothing changes, or the code of the refusal.

    `who` is customer (the order's own), staff or warehouse.
    """
    if current == target or (who == "warehouse" and target in BEHIND[current]):
        return None
    drives = who in ("staff", "warehouse")
    jump = FORWARD_JUMPS.get((current, target)) if drives else None
    if (current, target) not in STEPS and not jump:
        return "invalid_transition"
    if target == "cancelled":
        return () if current in (STAFF_CANCELS if who == "staff" else CUSTOMER_CANCELS) else "not_cancellable"
    if not drives and not owner_managed and (current, target) != ("shipped", "delivered"):
        return "step_not_yours"
    if current == "pending" and who != "staff" and not paid and not owner_managed:
        return "payment_required"
    return jump or ()
