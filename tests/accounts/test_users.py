from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from oms.accounts import sessions, sign_in, users
from oms.accounts.actor import Actor, system
from oms.accounts.credentials import Credential
from oms.accounts.models import User
from oms.accounts.users import Account
from oms.errors import Conflict, Invalid, NotFound, Unauthenticated
from oms.ids import new_id
from oms.transactions import read, transaction
from tests.accounts.people import PASSWORD, hashed, registered, shown, signed_in, unique_email

pytestmark = pytest.mark.usefixtures("context")
OPERATOR = system("tests")


def firebase(email: str | None = None) -> Credential:
    uid = new_id()
    return Credential("firebase", uid, uid, verified_email=email)


def admitted(credential: Credential) -> Account:
    user_id = transaction(lambda session: users.admit(session, credential))
    return read(lambda session: users.find(session, user_id))


def awaiting_firebase(email: str, role: str = "staff") -> Account:
    return transaction(lambda session: users.register(session, email, None, role))


def test_an_account_is_kept_under_the_normalised_address() -> None:
    email = unique_email()
    account = registered(email=f" {email.upper()} ")
    assert (account.email, account.role, account.is_active) == (email, "customer", True)
    assert read(lambda session: users.find_by_email(session, email.title())) == account
    assert read(lambda session: users.find(session, account.id)) == account


def test_an_address_is_registered_once_whatever_its_case() -> None:
    email = unique_email()
    registered(email=email)
    with pytest.raises(Conflict) as refused:
        registered(email=email.upper())
    assert refused.value.code == "email_taken"


def test_what_is_no_address_is_not_registered() -> None:
    with pytest.raises(Invalid):
        registered(email="no address")


def test_of_two_registrations_at_once_in_different_case_one_wins(context: Flask) -> None:
    email, barrier = unique_email(), Barrier(2)

    def register(spelling: str) -> str:
        with context.app_context():
            barrier.wait(10)
            try:
                return registered(email=spelling).email or ""
            except Conflict as error:
                return error.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(register, (email, email.upper())))
    assert sorted(outcomes) == sorted([email, "email_taken"])


@pytest.mark.parametrize("values", [{"role": "king"}, {"role": None}, {"email": "taken"}])
def test_the_database_has_the_last_word(values: dict[str, str | None]) -> None:
    taken = registered()
    row = {"id": new_id(), **values}
    if values.get("email"):
        row["email"] = taken.email
    with pytest.raises(IntegrityError):
        transaction(lambda session: session.execute(insert(User).values(**row)))


def test_an_unknown_user_is_not_found() -> None:
    with pytest.raises(NotFound):
        read(lambda session: users.find(session, new_id()))
    with pytest.raises(NotFound):
        read(lambda session: users.find_by_email(session, unique_email()))
    with pytest.raises(NotFound):
        transaction(lambda session: users.change(session, OPERATOR, new_id(), role="staff"))


def test_a_role_is_given_and_ends_the_sessions_of_the_old_one() -> None:
    account = registered()
    credential = shown(signed_in(account))
    changed = transaction(lambda session: users.change(session, OPERATOR, account.id, role="admin"))
    assert changed.role == "admin"
    with pytest.raises(Unauthenticated):
        sessions.resolve(credential, None)


def test_a_change_that_changes_nothing_ends_no_session() -> None:
    account = registered()
    credential = shown(signed_in(account))
    transaction(lambda session: users.change(session, OPERATOR, account.id, role="customer", is_active=True))
    assert sessions.resolve(credential, None).id == account.id


def test_a_disabled_user_can_be_enabled_again() -> None:
    account = registered()
    transaction(lambda session: users.change(session, OPERATOR, account.id, is_active=False))
    transaction(lambda session: users.change(session, OPERATOR, account.id, is_active=True))
    assert sign_in.authenticate(account.email or "", PASSWORD).id == account.id


def test_nobody_changes_his_own_account() -> None:
    account = registered("admin")
    with pytest.raises(Conflict) as refused:
        transaction(lambda session: users.change(session, Actor(account.id, "admin"), account.id, role="staff"))
    assert refused.value.code == "own_account"


def test_pages_show_every_account_once_newest_first() -> None:
    made = [registered().id for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while len(seen) < 5 or cursor:
        page = read(lambda session, after=cursor: users.page(session, 2, after))  # type: ignore[misc]
        seen += [account.id for account in page.users]
        cursor = page.next_cursor
        if cursor is None or set(made) <= set(seen):
            break
    assert set(made) <= set(seen)
    assert seen == sorted(set(seen), reverse=True)


def test_the_last_page_has_no_cursor_and_an_address_finds_its_account() -> None:
    account = registered()
    page = read(lambda session: users.page(session, 1, email=f" {(account.email or '').upper()}"))
    assert (page.users, page.next_cursor) == ([account], None)


def test_a_firebase_user_is_made_on_first_use_and_found_after() -> None:
    credential = firebase(unique_email())
    first = admitted(credential)
    assert (first.email, first.role) == (credential.verified_email, "customer")
    assert admitted(credential) == first


def test_a_firebase_user_without_a_verified_address_has_none() -> None:
    assert admitted(firebase()).email is None


def test_a_firebase_user_neither_takes_over_nor_shares_an_account_with_a_password() -> None:
    owner = registered()
    stranger = admitted(firebase(owner.email))
    assert stranger.id != owner.id
    assert stranger.email is None
    assert sign_in.authenticate(owner.email or "", PASSWORD).id == owner.id


def test_an_account_made_without_a_password_waits_for_its_firebase_user() -> None:
    waiting = awaiting_firebase(unique_email())
    credential = firebase(waiting.email)
    assert admitted(credential) == waiting
    assert admitted(credential) == waiting


def test_a_waiting_account_is_not_given_to_an_unverified_address_nor_to_a_second_uid() -> None:
    waiting = awaiting_firebase(unique_email())
    assert admitted(firebase(None)).id != waiting.id
    assert admitted(firebase(waiting.email)).id == waiting.id
    assert admitted(firebase(waiting.email)).id != waiting.id


def test_first_uses_at_once_make_one_account(context: Flask) -> None:
    credential, barrier = firebase(unique_email()), Barrier(6)

    def admit(_: int) -> str:
        with context.app_context():
            barrier.wait(10)
            return transaction(lambda session: users.admit(session, credential))

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(admit, range(6)))) == 1
    made = select(User.id).where(User.firebase_uid == credential.id)
    assert len(read(lambda session: session.scalars(made).all())) == 1


def test_a_user_whom_a_rival_inserts_first_is_found() -> None:
    """The last resort of `admit`: the address and the uid were free when we looked, and are taken when we insert."""
    credential = firebase(unique_email())
    user_id = admitted(credential).id
    assert transaction(lambda session: users._existing_firebase_user(session, credential.id)) == user_id


def test_the_first_admin_is_the_oldest_who_is_active() -> None:
    transaction(lambda session: session.execute(update(User).values(role="customer")))
    assert read(users.first_admin) is None
    first, _ = registered("admin"), registered("admin")
    assert read(users.first_admin) == first
    transaction(lambda session: users.change(session, OPERATOR, first.id, is_active=False))
    assert read(users.first_admin) != first


def test_a_hash_is_never_part_of_an_account() -> None:
    assert hashed(PASSWORD) not in repr(registered())
