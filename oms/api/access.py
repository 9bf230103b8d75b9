"""The policies of the API's routes, each with its part of the OpenAPI document. `web.access` enforces them."""

from collections.abc import Callable
from typing import Any

from oms.web.access import PUBLIC, Policy, View, actor, caller_key, declare, prefetch, prefetched, re_admit

__all__ = ["PUBLIC", "actor", "caller_key", "prefetch", "prefetched", "re_admit"]

SECURITY: list[dict[str, list[str]]] = [{"password": []}, {"bearer": []}, {"apiKey": []}]
_EVERYBODY = frozenset({"customer", "staff", "admin"})
_STAFF = frozenset({"staff", "admin"})


def _declare(policy: Policy) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        _document(view, policy)
        return declare(policy)(view)

    return decorate


def _document(view: Any, policy: Policy) -> None:
    documented = dict(getattr(view, "_apidoc", {}))
    manual = dict(documented.get("manual_doc", {}))
    manual["security"] = SECURITY if policy is not PUBLIC else []
    documented["manual_doc"] = manual
    view._apidoc = documented


public = _declare(PUBLIC)
signed_in = _declare(Policy("signed_in", _EVERYBODY, ""))
people = _declare(Policy("people", _EVERYBODY))
staff = _declare(Policy("staff", _STAFF))
admin = _declare(Policy("admin", frozenset({"admin"})))
orders_read = _declare(Policy("orders_read", _EVERYBODY, "orders:read"))
orders_write = _declare(Policy("orders_write", _EVERYBODY, "orders:write"))
orders_import = _declare(Policy("orders_import", _STAFF, "orders:write"))
# Customers come in too, for what the lifecycle leaves to them; the lifecycle itself says no to the rest.
fulfilment_or_customer = _declare(Policy("fulfilment_or_customer", _EVERYBODY, "fulfilment"))
fulfilment = _declare(Policy("fulfilment", _STAFF, "fulfilment"))
payments = _declare(Policy("payments", _STAFF, "payments"))
webhooks = _declare(Policy("webhooks", _STAFF, "webhooks"))
payments_or_customer = _declare(Policy("payments_or_customer", _EVERYBODY, "payments"))
