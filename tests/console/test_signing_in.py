"""Who comes in, for how long, and what ends it."""

import re

import pytest
import time_machine
from flask import Flask

from oms.accounts import sessions, sign_in, users
from oms.accounts.actor import system
from oms.accounts.credentials import Credential
from oms.transactions import transaction
from tests.callers import person
from tests.conftest import Servers
from tests.console.visitors import PASSWORD, Visitor, account, form, signed_in
from tests.factories import execute, rows
from tests.floor import applications


def is_in(visitor: Visitor) -> bool:
    answer = visitor.get("/console")
    assert answer.status_code in (200, 303)
    return answer.status_code == 200 or not answer.location.startswith("/console/sign-in")


def family(app: Flask, visitor: Visitor) -> str:
    return str(rows(app, "SELECT id FROM token_families WHERE user_id = :id", id=visitor.id)[0].id)


def forget_copies(app: Flask, visitor: Visitor) -> None:
    app.extensions["oms_redis"].delete(sessions.cache_key(Credential("token", family(app, visitor), visitor.id)))


@pytest.mark.parametrize("role", ["staff", "admin"])
def test_staff_and_admins_come_in(app: Flask, role: str) -> None:
    visitor = account(app, role)
    answer = visitor.sign_in()
    assert (answer.status_code, answer.location) == (303, "/console")
    assert is_in(visitor)


def test_a_customer_is_told_what_a_stranger_is_told(app: Flask) -> None:
    customer, stranger = account(app, "customer"), Visitor(app, email="nobody@example.com")
    answers = [customer.sign_in(), stranger.sign_in(), account(app, "staff").sign_in(password="something else")]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    said = {re.search(r'id="problem">([^<]*)<', answer.text)[1] for answer in answers}  # type: ignore[index]
    assert said == {"The e-mail address or the password is wrong."}
    assert not is_in(customer)


def test_the_address_is_kept_in_the_form_and_the_password_is_not(app: Flask) -> None:
    visitor = account(app, "staff")
    fields = form(visitor.sign_in(password="wrong wrong"), "/sign-in").fields
    assert (fields["username"], fields["password"]) == (visitor.email, "")


def test_the_cookie_is_for_the_server_alone(app: Flask) -> None:
    answer = account(app, "staff").sign_in()
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("oms_console="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/console"} <= set(cookie.split("; "))
    assert "Secure" not in cookie.split("; ")


def test_over_tls_it_never_leaves_tls(app: Flask) -> None:
    visitor = account(app, "staff")
    page = visitor.get("/console/sign-in", base_url="https://localhost")
    fields = {**form(page, "/sign-in").fields, "username": visitor.email, "password": PASSWORD}
    answer = visitor.client.post("/console/sign-in", data=fields, base_url="https://localhost")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("oms_console="))
    assert "Secure" in cookie.split("; ")


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(app: Flask, support: Visitor) -> None:
    copied = support.client.get_cookie("oms_console", path="/console")
    assert copied is not None
    page = support.get("/console/orders")
    assert support.send(form(page, "/sign-out")).location == "/console/sign-in"
    assert "You are signed out." in support.get("/console/sign-in").text
    thief = Visitor(app)
    thief.client.set_cookie("oms_console", copied.value, path="/console")
    assert not is_in(thief)


def test_a_disabled_account_is_out_at_once(app: Flask, support: Visitor) -> None:
    assert is_in(support)
    with app.app_context():
        transaction(lambda session: users.change(session, system("tests"), support.id, is_active=False))
    assert not is_in(support)


def test_a_new_role_ends_the_session(app: Flask, support: Visitor) -> None:
    with app.app_context():
        transaction(lambda session: users.change(session, system("tests"), support.id, role="customer"))
    assert not is_in(support)
    assert support.sign_in().status_code == 401


def test_a_new_password_ends_the_session(app: Flask, support: Visitor) -> None:
    with app.app_context():
        change = sign_in.prepare_password_change(support.id, PASSWORD, "another long password")
        transaction(lambda session: sign_in.change_password(session, change))
    assert not is_in(support)


def test_a_session_nobody_used_for_its_idle_time_is_over(app: Flask, support: Visitor) -> None:
    execute(
        app,
        "UPDATE token_families SET expires_at = now() - interval '1 second' WHERE id = :id",
        id=family(app, support),
    )
    forget_copies(app, support)
    assert not is_in(support)


def minutes_left(app: Flask, visitor: Visitor) -> float:
    left = "SELECT extract(epoch FROM expires_at - now()) / 60 AS minutes FROM token_families WHERE id = :id"
    return float(rows(app, left, id=family(app, visitor))[0].minutes)


def test_use_prolongs_it_and_what_a_page_asks_by_itself_does_not(app: Flask, support: Visitor) -> None:
    assert 29 < minutes_left(app, support) <= 30
    ten_left = "UPDATE token_families SET expires_at = now() + interval '10 minutes' WHERE id = :id"
    execute(app, ten_left, id=family(app, support))
    support.get("/console", headers={"Console-Poll": "1"})
    assert minutes_left(app, support) <= 10
    support.get("/console")
    assert 29 < minutes_left(app, support) <= 30


def test_a_session_ends_after_its_hours_however_much_it_is_used(app: Flask, servers: Servers) -> None:
    visitor = signed_in(app, "staff")
    with applications.another(app, servers) as made:
        cookie = visitor.client.get_cookie("oms_console", path="/console")
        assert cookie is not None
        later = Visitor(made)
        later.client.set_cookie("oms_console", cookie.value, path="/console")
        assert is_in(later)
        with time_machine.travel("2100-01-01"):
            assert not is_in(later)


def test_who_is_not_signed_in_comes_back_to_the_page_he_wanted(app: Flask) -> None:
    visitor = account(app, "staff")
    asked = visitor.get("/console/nowhere?status=packed")
    assert asked.status_code == 303
    answer = visitor.sign_in(at=asked.location)
    assert answer.location == "/console/nowhere?status=packed"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/console", "//evil.example", "/console//evil", "/console\\evil", "/orders", "/consoles"],
)
def test_nobody_is_sent_to_another_site(app: Flask, elsewhere: str) -> None:
    assert account(app, "staff").sign_in(next=elsewhere).location == "/console"


def test_attempts_to_sign_in_are_counted_as_those_at_the_api_are(app: Flask, servers: Servers) -> None:
    visitor = account(app, "staff")
    with applications.another(app, servers, RATELIMIT_LOGIN_ACCOUNT="2/minute") as made:
        guesser = Visitor(made, email=visitor.email)
        assert [guesser.sign_in(password=f"guess number {n}").status_code for n in range(3)] == [401, 401, 429]
        refused = guesser.sign_in()
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0
        assert "Too many requests" in refused.text


def test_a_token_of_the_api_is_no_cookie_and_the_cookie_no_token(app: Flask, support: Visitor) -> None:
    caller = person(app, "staff")
    other = Visitor(app)
    other.client.set_cookie("oms_console", caller.headers["Authorization"].removeprefix("Bearer "), path="/console")
    assert not is_in(other)
    assert other.get("/console", headers=caller.headers).status_code == 303
    cookie = support.client.get_cookie("oms_console", path="/console")
    assert cookie is not None
    assert app.test_client().get("/auth/me", headers={"Authorization": f"Bearer {cookie.value}"}).status_code == 401


def test_a_cookie_alone_says_nothing_to_the_api(app: Flask, support: Visitor) -> None:
    cookie = support.client.get_cookie("oms_console", path="/console")
    assert cookie is not None
    client = app.test_client()
    client.set_cookie("oms_console", cookie.value)
    assert client.get("/orders").status_code == 401
