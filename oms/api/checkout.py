"""Opening the payments of a new order at their providers, once the order is committed.

An order never waits for a provider to exist: one that gives no answer leaves the part unopened, and the same request
with the same `Idempotency-Key` asks again.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Response

from oms import strict_json
from oms.api import idempotency
from oms.gateway import opening
from oms.idempotency import Answer
from oms.orders import representation
from oms.orders.order import Order, etag
from oms.orders.representation import payment_document


def opened(answer: Answer, data: Mapping[str, Any]) -> Response:
    """The answer to a create whose body asked with `create_payment_order` for parts to be opened, with what came of it.

    The parts in it are the new ones: each has `checkout` if its provider opened it.
    """
    wanted = [part["create_payment_order"] for part in data.get("payment") or ()]
    response = idempotency.response(answer)
    if not any(wanted):
        return response
    # Our own words: the bounds of what others may send are not for them, and a large order is beyond those.
    document = json.loads(answer.body, parse_float=Decimal)
    order_id, parts = document["order_id"], document["payments"]
    for position, flagged in enumerate(wanted):
        if flagged:
            order, parts[position] = _open(order_id, parts[position]["payment_id"])
    if "version" in document:  # the whole order: opening has changed it since
        document = {**representation.document(order), "payments": parts}
    response.data = strict_json.write(document)
    response.headers["ETag"] = etag(order.version)
    return response


def _open(order_id: str, payment_id: str) -> tuple[Order, dict[str, Any]]:
    order, payment, checkout = opening.open_part(order_id, payment_id)
    shown = payment_document(payment, order.currency)
    return order, shown if checkout is None else {**shown, "checkout": dict(checkout)}
