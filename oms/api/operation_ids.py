"""Names of the operations that have none of their own beside their view: what clients call them."""

from typing import Any

_IDS = {
    "POST /register": "register",
    "POST /auth/token": "signIn",
    "POST /auth/refresh": "refreshToken",
    "POST /auth/logout": "signOut",
    "GET /auth/me": "getMe",
    "POST /auth/password": "changePassword",
    "POST /auth/firebase": "signInWithFirebase",
    "GET /users": "listUsers",
    "PATCH /users/{user_id}": "changeUser",
    "POST /api-keys": "createApiKey",
    "GET /api-keys": "listApiKeys",
    "DELETE /api-keys/{key_id}": "revokeApiKey",
    "POST /orders/{order_id}/cancel": "cancelOrder",
    "PUT /orders/{order_id}/cancel": "cancelOrderByPut",
    "PUT /update_order_status": "legacyChangeStatusByPut",
    "PATCH /update_order_status": "legacyChangeStatus",
    "PUT /update_item_status": "legacyChangeItemByPut",
    "PATCH /update_item_status": "legacyChangeItem",
}
_METHODS = ("get", "post", "put", "patch", "delete")


def name_operations(document: dict[str, Any]) -> None:
    """Give each operation of the document an `operationId`, where it has none."""
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations and (name := _IDS.get(f"{method.upper()} {path}")):
                operations[method].setdefault("operationId", name)
