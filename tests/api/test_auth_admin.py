from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from oms.accounts.users import Account
from oms.ids import new_id
from tests.accounts.people import registered
from tests.callers import Caller, person

ADMIN_ROUTES = [
    ("GET", "/users", None),
    ("PATCH", "/users/somebody", {"role": "admin"}),
    ("GET", "/api-keys", None),
    ("POST", "/api-keys", {"name": "x", "scopes": ["payments"]}),
    ("DELETE", "/api-keys/something", None),
]


@pytest.fixture
def account(app: Flask) -> Account:
    with app.app_context():
        return registered()


def refusal(response: TestResponse) -> tuple[int, str]:
    return response.status_code, (response.json or {})["code"]


def pointers(response: TestResponse) -> list[str]:
    assert response.status_code == 422, response.text
    return sorted(error["pointer"] for error in (response.json or {})["errors"])


def made_key(admin: Caller, **changes: Any) -> dict[str, Any]:
    response = admin.post("/api-keys", {"name": "dock 4", "scopes": ["orders:read", "fulfilment"], **changes})
    assert response.status_code == 201, response.text
    assert response.headers["Cache-Control"] == "no-store"
    return dict(response.json or {})


@pytest.mark.parametrize(("method", "path", "body"), ADMIN_ROUTES)
def test_only_admins_may_come_in(
    customer: Caller, staff: Caller, warehouse: Caller, anonymous: Caller, method: str, path: str, body: Any
) -> None:
    assert [caller.call(method, path, body).status_code for caller in (customer, staff, warehouse)] == [403, 403, 403]
    assert anonymous.call(method, path, body).status_code == 401


class TestUsers:
    def test_an_admin_sees_everybody_once_newest_first(self, app: Flask, admin: Caller) -> None:
        made = {person(app, "customer").id for _ in range(3)}
        seen: list[str] = []
        path = "/users?limit=2"
        while not made <= set(seen):
            page = admin.get(path).json or {}
            seen += [user["id"] for user in page["users"]]
            path = f"/users?limit=2&cursor={page['next_cursor']}"
        assert seen == sorted(set(seen), reverse=True)

    def test_an_address_finds_its_account(self, admin: Caller, account: Account) -> None:
        page = admin.get("/users", query_string={"email": (account.email or "").upper()}).json or {}
        (user,) = page["users"]
        assert datetime.fromisoformat(user.pop("created_at")) == account.created_at
        assert user == {"id": account.id, "email": account.email, "role": "customer", "is_active": True}
        assert page["next_cursor"] is None

    def test_times_are_rfc_3339_in_utc(self, admin: Caller) -> None:
        page = admin.get("/users?limit=1").json or {}
        assert page["users"][0]["created_at"].endswith("Z")

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=101", "limit=x", "limit=-1", "cursor=", "cursor=" + "x" * 51, "cursor=%00", "x=1"]
    )
    def test_a_bad_query_is_refused(self, admin: Caller, query: str) -> None:
        assert pointers(admin.get(f"/users?{query}")) == [f"/{query.split('=')[0]}"]

    def test_a_new_role_holds_from_the_next_sign_in(self, admin: Caller, customer: Caller) -> None:
        response = admin.patch(f"/users/{customer.id}", {"role": "staff"})
        assert (response.status_code, (response.json or {})["role"]) == (200, "staff")
        assert refusal(customer.get("/auth/me")) == (401, "token_revoked")

    def test_a_disabled_user_is_out_at_once(self, admin: Caller, customer: Caller) -> None:
        assert customer.get("/auth/me").status_code == 200
        assert (admin.patch(f"/users/{customer.id}", {"is_active": False}).json or {})["is_active"] is False
        assert refusal(customer.get("/auth/me")) == (401, "token_revoked")

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"role": "king"}, ["/role"]),
            ({"role": None}, ["/role"]),
            ({"is_active": "yes"}, ["/is_active"]),
            ({"is_active": 1}, ["/is_active"]),
            ({"email": "new@example.com"}, ["/email"]),
            ({}, [""]),
        ],
    )
    def test_a_change_that_can_not_be_made_is_pointed_at(
        self, admin: Caller, customer: Caller, change: dict[str, Any], expected: list[str]
    ) -> None:
        assert pointers(admin.patch(f"/users/{customer.id}", change)) == expected

    def test_an_unknown_user_is_not_found(self, admin: Caller) -> None:
        assert refusal(admin.patch(f"/users/{new_id()}", {"role": "staff"})) == (404, "user_not_found")
        assert admin.patch("/users/%00", {"role": "staff"}).status_code == 404

    def test_an_admin_can_not_lock_himself_out(self, admin: Caller) -> None:
        assert refusal(admin.patch(f"/users/{admin.id}", {"is_active": False})) == (409, "own_account")


class TestApiKeys:
    def test_a_key_is_shown_once_and_opens_what_its_scopes_say(self, app: Flask, admin: Caller) -> None:
        made = made_key(admin)
        me = Caller(app, {"X-API-Key": made["key"]}, made["id"]).get("/auth/me").json or {}
        assert (me["id"], me["scopes"]) == (made["id"], ["fulfilment", "orders:read"])
        listed = next(key for key in (admin.get("/api-keys").json or {})["api_keys"] if key["id"] == made["id"])
        assert listed == {name: value for name, value in made.items() if name != "key"}
        assert (listed["created_by"], listed["expires_at"], listed["revoked_at"]) == (admin.id, None, None)

    def test_a_key_may_run_out(self, admin: Caller) -> None:
        made = made_key(admin, expires_in_days=7)
        created, expires = (datetime.fromisoformat(made[name]) for name in ("created_at", "expires_at"))
        assert expires - created == timedelta(days=7)

    def test_a_revoked_key_is_refused_at_once_and_revoking_again_is_no_error(self, app: Flask, admin: Caller) -> None:
        made = made_key(admin)
        holder = Caller(app, {"X-API-Key": made["key"]}, made["id"])
        assert holder.get("/auth/me").status_code == 200
        assert admin.call("DELETE", f"/api-keys/{made['id']}").status_code == 204
        assert refusal(holder.get("/auth/me")) == (401, "api_key_invalid")
        assert admin.call("DELETE", f"/api-keys/{made['id']}").status_code == 204

    def test_a_right_id_with_a_wrong_secret_is_refused(self, app: Flask, admin: Caller) -> None:
        made, other = made_key(admin), made_key(admin)
        assert Caller(app, {"X-API-Key": made["key"]}, "").get("/auth/me").status_code == 200
        mixed = made["key"][:31] + other["key"][31:]
        assert refusal(Caller(app, {"X-API-Key": mixed}, "").get("/auth/me")) == (401, "api_key_invalid")

    def test_an_unknown_key_is_not_found(self, admin: Caller) -> None:
        assert refusal(admin.call("DELETE", f"/api-keys/{new_id()}")) == (404, "api_key_not_found")
        assert admin.call("DELETE", "/api-keys/%00").status_code == 404

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"scopes": []}, ["/scopes"]),
            ({"scopes": ["everything"]}, ["/scopes/0"]),
            ({"scopes": "payments"}, ["/scopes"]),
            ({"name": ""}, ["/name"]),
            ({"name": "x" * 101}, ["/name"]),
            ({"expires_in_days": 0}, ["/expires_in_days"]),
            ({"expires_in_days": 3651}, ["/expires_in_days"]),
            ({"expires_in_days": True}, ["/expires_in_days"]),
            ({"created_by": "somebody"}, ["/created_by"]),
        ],
    )
    def test_a_key_that_can_not_be_made_is_pointed_at(
        self, admin: Caller, changes: dict[str, Any], expected: list[str]
    ) -> None:
        body = {"name": "dock 4", "scopes": ["payments"], **changes}
        assert pointers(admin.post("/api-keys", body)) == expected
