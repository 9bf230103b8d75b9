"""Who may call what, as the design declares it: one line a route. The tests hold the running API to it.

C = a customer, S = staff, A = an admin, `key:<scope>` = an API key with it. `own` routes answer 404 to a customer about
somebody else's order, as they do about one that is not there; `self` routes answer him 403.
"""

EVERYBODY = "everybody"
# Open to all, who then show what they have in the body; these tests show nothing there.
IN_THE_BODY = "whoever shows it in the body"
C_S_A = "C S A"
READ = f"{C_S_A} key:orders:read"
WRITE = f"{C_S_A} key:orders:write"
PAY = f"{C_S_A} key:payments"
TABLE: dict[str, tuple[str, str]] = {
    "POST /api-keys": ("A", ""),
    "GET /api-keys": ("A", ""),
    "DELETE /api-keys/<key_id>": ("A", ""),
    "GET /users": ("A", ""),
    "PATCH /users/<user_id>": ("A", ""),
    "POST /register": (EVERYBODY, ""),
    "POST /auth/token": (EVERYBODY, ""),
    "POST /auth/refresh": (IN_THE_BODY, ""),
    "POST /auth/firebase": (IN_THE_BODY, ""),
    "POST /auth/logout": (C_S_A, ""),
    "POST /auth/password": (C_S_A, ""),
    "GET /auth/me": (f"{C_S_A} any-key", ""),
    "GET /order-statuses": (EVERYBODY, ""),
    "GET /cancel-reasons": (EVERYBODY, ""),
    "GET /return-reasons": (EVERYBODY, ""),
    "GET /events": (EVERYBODY, ""),
    "GET /events/<event_type>": (EVERYBODY, ""),
    "GET /health": (EVERYBODY, ""),
    "GET /health/live": (EVERYBODY, ""),
    "GET /health/page.css": (EVERYBODY, ""),
    "GET /health/ready": (EVERYBODY, ""),
    "GET /metrics": (EVERYBODY, ""),
    "GET /openapi.json": (EVERYBODY, ""),
    "GET /docs": (EVERYBODY, ""),
    "GET /docs/assets/<path:name>": (EVERYBODY, ""),
    "POST /payment-events/<provider>": (EVERYBODY, ""),
    "POST /orders": (WRITE, ""),
    "POST /create_order": (WRITE, ""),
    "GET /orders": (READ, ""),
    "GET /orders/<order_id>": (READ, "own"),
    "PUT /orders/<order_id>": (WRITE, "own"),
    "PATCH /orders/<order_id>": (f"{C_S_A} key:fulfilment", "own"),
    "PUT /orders/<order_id>/cancel": (C_S_A, "own"),
    "POST /orders/<order_id>/cancel": (C_S_A, "own"),
    "GET /orders/<order_id>/journey": (READ, "own"),
    "PATCH /orders/<order_id>/items/<int:line_no>": ("S A key:fulfilment", ""),
    "GET /orders/user/<user_id>": (READ, "self"),
    "GET /get_order_details": (READ, "own"),
    "PUT /update_order_status": ("S A key:fulfilment", ""),
    "PATCH /update_order_status": ("S A key:fulfilment", ""),
    "PUT /update_item_status": ("S A key:fulfilment", ""),
    "PATCH /update_item_status": ("S A key:fulfilment", ""),
    "POST /orders/<order_id>/payments": (PAY, "own"),
    "GET /orders/<order_id>/payments": (READ, "own"),
    "POST /orders/<order_id>/payments/<payment_id>/capture": (PAY, "own"),
    "POST /orders/<order_id>/payments/<payment_id>/fail": (PAY, "own"),
    "POST /orders/<order_id>/payments/<payment_id>/void": (PAY, "own"),
    "POST /orders/<order_id>/refunds": ("S A key:payments", ""),
    "GET /orders/<order_id>/refunds": (READ, "own"),
    "POST /orders/<order_id>/refunds/<refund_id>/retry": ("S A key:payments", ""),
    "POST /orders/<order_id>/returns": (C_S_A, "own"),
    "GET /orders/<order_id>/returns": (READ, "own"),
    "POST /orders/<order_id>/returns/<return_id>/accept": ("S A", ""),
    "POST /orders/<order_id>/returns/<return_id>/receive": ("S A", ""),
    "POST /orders/<order_id>/returns/<return_id>/reject": ("S A", ""),
    "POST /orders/<order_id>/returns/<return_id>/cancel": (C_S_A, "own"),
    "GET /orders/<order_id>/invoices": (READ, "own"),
    "GET /orders/export": (READ, ""),
    "GET /orders/<order_id>/invoices/<number>": (READ, "own"),
    "GET /orders/<order_id>/invoices/<number>/pdf": (READ, "own"),
}
# Bodies that get a call past its schema, so that what answers is the policy and not the reader.
BODIES = {
    "POST /orders": {"items": {"tea": 1}},
    "POST /create_order": {"items": [{"sku": "TEA", "quantity": 1, "unit_price": 1}]},
    "PUT /orders/<order_id>": {"metadata": {"seen": True}},
    "PATCH /orders/<order_id>": {"status": "pending"},
    "PATCH /orders/<order_id>/items/<int:line_no>": {"status": "pending"},
    "PUT /update_order_status": {"order_id": "ORDER", "status": "pending"},
    "PATCH /update_order_status": {"order_id": "ORDER", "status": "pending"},
    "PUT /update_item_status": {"order_id": "ORDER", "sku": "TEA", "status": "pending"},
    "PATCH /update_item_status": {"order_id": "ORDER", "sku": "TEA", "status": "pending"},
    "POST /orders/<order_id>/payments": {"mode": "cash"},
    "POST /orders/<order_id>/refunds": {"amount": 1},
    "POST /orders/<order_id>/returns": {"items": [{"line_no": 1, "quantity": 1}], "reason": "damaged"},
    "POST /api-keys": {"name": "one", "scopes": ["orders:read"]},
    "PATCH /users/<user_id>": {"role": "customer"},
    "POST /auth/password": {"current_password": "not it, not it", "new_password": "neither is this"},
}
