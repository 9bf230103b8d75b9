import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import bcrypt
import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from oms.accounts import sessions, sign_in, tokens, users
from oms.accounts.actor import system
from oms.accounts.models import TokenFamily, User
from oms.accounts.tokens import Grant, TokenPair
from oms.accounts.users import Account
from oms.errors import Forbidden, Invalid, OmsError, Unauthenticated
from oms.transactions import read, transaction
from tests.accounts.people import PASSWORD, hashed, registered, shown, signed_in, unique_email

pytestmark = pytest.mark.usefixtures("context")
OPERATOR = system("tests")
NEW_PASSWORD = "another long password"


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(OmsError) as refused:
        work()
    assert isinstance(refused.value, Unauthenticated | Forbidden | Invalid)
    return refused.value.code


def refreshed(token: str) -> TokenPair:
    """As a door does it: the refusal follows the commit."""
    claims = sign_in.refresh_claims(token)
    return tokens.issue(sign_in.granted(transaction(lambda session: sign_in.rotate(session, claims))))


def alive(pair: TokenPair) -> bool:
    try:
        sessions.resolve(shown(pair), None)
    except Unauthenticated:
        return False
    return True


def open_family(user: sign_in.ProvenUser) -> Grant:
    return transaction(lambda session: sign_in.open_family(session, user))


def password_hash(account: Account) -> str:
    found = read(lambda session: session.scalars(select(User.password_hash).where(User.id == account.id)).one())
    return found or ""


def revoked_reason(pair: TokenPair) -> str | None:
    family = select(TokenFamily.revoked_reason).where(TokenFamily.id == shown(pair).id)
    return read(lambda session: session.scalars(family).one())


def at_once(context: Flask, *works: Callable[[], object]) -> list[object]:
    """What each work gave or raised, all started at the same moment, each on a connection of its own."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        with context.app_context():
            barrier.wait(10)
            try:
                return work()
            except OmsError as error:
                return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_the_right_password_opens_a_session() -> None:
    account = registered()
    actor = sessions.resolve(shown(signed_in(account)), None)
    assert actor.id == account.id


def test_the_address_is_compared_in_one_spelling() -> None:
    account = registered()
    assert sign_in.authenticate(f"  {(account.email or '').upper()} ", PASSWORD).id == account.id


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (None, "wrong horse battery"),
        (None, ""),
        (None, PASSWORD + " "),
        (None, PASSWORD + "\x00"),
        ("nobody@example.com", PASSWORD),
        ("", PASSWORD),
        ("no address\x00", PASSWORD),
    ],
)
def test_every_wrong_pair_is_refused_in_the_same_words(email: str | None, password: str) -> None:
    account = registered()
    with pytest.raises(Unauthenticated) as refused:
        sign_in.authenticate(account.email or "" if email is None else email, password)
    assert refused.value.code == "invalid_grant"
    assert refused.value.detail == "The e-mail address or the password is wrong."
    assert refused.value.extra == {"error": "invalid_grant"}


def test_a_disabled_user_is_refused_like_a_wrong_password() -> None:
    account = registered()
    transaction(lambda session: users.change(session, OPERATOR, account.id, is_active=False))
    assert refusal(lambda: sign_in.authenticate(account.email or "", PASSWORD)) == "invalid_grant"


def test_an_account_without_a_password_can_not_sign_in_by_one() -> None:
    account = transaction(lambda session: users.register(session, unique_email(), None))
    assert refusal(lambda: sign_in.authenticate(account.email or "", PASSWORD)) == "invalid_grant"


def test_a_password_changed_between_check_and_session_opens_nothing() -> None:
    account = registered()
    user = sign_in.authenticate(account.email or "", PASSWORD)
    change = sign_in.prepare_password_change(account.id, PASSWORD, NEW_PASSWORD)
    transaction(lambda session: sign_in.change_password(session, change))
    assert refusal(lambda: open_family(user)) == "invalid_grant"


def test_a_user_disabled_between_check_and_session_opens_nothing() -> None:
    account = registered()
    user = sign_in.authenticate(account.email or "", PASSWORD)
    transaction(lambda session: users.change(session, OPERATOR, account.id, is_active=False))
    assert refusal(lambda: open_family(user)) == "invalid_grant"


def test_a_bcrypt_hash_is_replaced_at_the_first_login_and_the_password_stays() -> None:
    short = "brief"
    account = registered(password_hash=bcrypt.hashpw(short.encode(), bcrypt.gensalt(4)).decode())
    open_family(sign_in.authenticate(account.email or "", short))
    assert password_hash(account).startswith("$argon2id$")
    open_family(sign_in.authenticate(account.email or "", short))


def test_two_first_logins_at_once_after_the_move_from_bcrypt_both_succeed() -> None:
    account = registered(password_hash=bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode())
    both = [sign_in.authenticate(account.email or "", PASSWORD) for _ in range(2)]
    assert all(user.upgraded_hash for user in both)
    assert len({open_family(user).family_id for user in both}) == 2


def test_a_wrong_password_upgrades_nothing() -> None:
    account = registered(password_hash=bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode())
    refusal(lambda: sign_in.authenticate(account.email or "", "wrong"))
    assert password_hash(account).startswith("$2b$")


def test_a_current_hash_is_left_as_it_is() -> None:
    account = registered()
    signed_in(account)
    assert password_hash(account) == hashed(PASSWORD)


def test_a_refresh_token_buys_the_next_pair_of_the_same_family() -> None:
    first = signed_in(registered())
    second = refreshed(first.refresh_token)
    third = refreshed(second.refresh_token)
    assert shown(third).id == shown(first).id
    assert alive(third)


def test_a_refresh_token_shown_twice_ends_the_whole_family_and_that_stays() -> None:
    first = signed_in(registered())
    second = refreshed(first.refresh_token)
    assert refusal(lambda: refreshed(first.refresh_token)) == "invalid_grant"
    assert not alive(second)
    assert refusal(lambda: refreshed(second.refresh_token)) == "invalid_grant"
    assert revoked_reason(first) == "reuse"


def test_reuse_in_one_family_leaves_the_users_other_sessions_alone() -> None:
    account = registered()
    stolen, other = signed_in(account), signed_in(account)
    refreshed(stolen.refresh_token)
    refusal(lambda: refreshed(stolen.refresh_token))
    assert alive(other)


def test_of_parallel_refreshes_with_one_token_one_wins_and_the_family_ends(context: Flask) -> None:
    pair = signed_in(registered())
    outcomes = at_once(context, *[lambda: refreshed(pair.refresh_token)] * 5)
    won = [outcome for outcome in outcomes if isinstance(outcome, TokenPair)]
    assert len(won) == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, OmsError)} == {"invalid_grant"}
    assert not alive(won[0])


def test_an_access_token_buys_nothing_and_its_family_lives_on() -> None:
    pair = signed_in(registered())
    assert refusal(lambda: refreshed(pair.access_token)) == "invalid_grant"
    assert alive(pair)


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
def test_what_is_no_token_buys_nothing(token: str) -> None:
    assert refusal(lambda: refreshed(token)) == "invalid_grant"


def test_a_user_who_is_no_longer_active_can_not_refresh() -> None:
    pair = signed_in(registered())
    off = update(User).where(User.id == shown(pair).subject).values(is_active=False)
    transaction(lambda session: session.execute(off))
    assert refusal(lambda: refreshed(pair.refresh_token)) == "invalid_grant"


def test_a_rotation_starts_the_familys_time_anew() -> None:
    pair = signed_in(registered())
    expires = select(TokenFamily.expires_at).where(TokenFamily.id == shown(pair).id)
    before = read(lambda session: session.scalars(expires).one())
    refreshed(pair.refresh_token)
    assert read(lambda session: session.scalars(expires).one()) > before


def test_a_family_lives_as_long_as_its_longest_token(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(context.config["OMS_SETTINGS"], jwt_access_minutes=600, jwt_refresh_minutes=5)
    monkeypatch.setitem(context.config, "OMS_SETTINGS", changed)
    pair = signed_in(registered())
    family = select(TokenFamily.expires_at, TokenFamily.created_at).where(TokenFamily.id == shown(pair).id)
    expires_at, created_at = read(lambda session: session.execute(family).one())
    assert expires_at - created_at == timedelta(minutes=600)


def test_logging_out_ends_the_session_and_its_refresh_token() -> None:
    pair = signed_in(registered())
    transaction(lambda session: sign_in.log_out(session, shown(pair).id))
    assert not alive(pair)
    assert refusal(lambda: refreshed(pair.refresh_token)) == "invalid_grant"
    assert revoked_reason(pair) == "logout"


def test_logging_out_leaves_other_sessions_alone() -> None:
    account = registered()
    one, other = signed_in(account), signed_in(account)
    transaction(lambda session: sign_in.log_out(session, shown(one).id))
    assert alive(other)


def test_a_caller_without_a_session_can_not_log_out() -> None:
    assert refusal(lambda: transaction(lambda session: sign_in.log_out(session, None))) == "no_session"


def test_a_new_password_ends_every_session_and_replaces_the_old_one() -> None:
    account = registered()
    pairs = [signed_in(account), signed_in(account)]
    change = sign_in.prepare_password_change(account.id, PASSWORD, NEW_PASSWORD)
    transaction(lambda session: sign_in.change_password(session, change))
    assert [alive(pair) for pair in pairs] == [False, False]
    assert refusal(lambda: sign_in.authenticate(account.email or "", PASSWORD)) == "invalid_grant"
    assert sign_in.authenticate(account.email or "", NEW_PASSWORD).id == account.id


def test_the_wrong_current_password_changes_nothing() -> None:
    account = registered()
    prepare = sign_in.prepare_password_change
    assert refusal(lambda: prepare(account.id, "wrong horse battery", NEW_PASSWORD)) == "wrong_password"
    assert sign_in.authenticate(account.email or "", PASSWORD).id == account.id


def test_a_new_password_keeps_the_rules() -> None:
    account = registered()
    assert refusal(lambda: sign_in.prepare_password_change(account.id, PASSWORD, "short")) == "invalid_password"


def test_of_two_password_changes_at_once_the_second_finds_its_old_password_gone() -> None:
    account = registered()
    first = sign_in.prepare_password_change(account.id, PASSWORD, NEW_PASSWORD)
    second = sign_in.prepare_password_change(account.id, PASSWORD, "a third long password")
    transaction(lambda session: sign_in.change_password(session, first))
    late = refusal(lambda: transaction(lambda session: sign_in.change_password(session, second)))
    assert late == "wrong_password"
    assert sign_in.authenticate(account.email or "", NEW_PASSWORD).id == account.id


def test_a_session_opened_while_the_password_changes_waits_and_is_refused(context: Flask) -> None:
    """The change is made and not yet committed when the session is opened by the old password."""
    account = registered()
    user = sign_in.authenticate(account.email or "", PASSWORD)
    change = sign_in.prepare_password_change(account.id, PASSWORD, NEW_PASSWORD)

    def open_in_its_own_context() -> str:
        with context.app_context():
            return refusal(lambda: open_family(user))

    def change_while_somebody_signs_in(session: Session) -> Future[str]:
        sign_in.change_password(session, change)
        opening = pool.submit(open_in_its_own_context)
        while not opening.done() and not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            time.sleep(0)
        return opening

    with ThreadPoolExecutor(1) as pool:
        assert transaction(change_while_somebody_signs_in).result() == "invalid_grant"
