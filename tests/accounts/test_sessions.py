import time
from collections.abc import Callable
from datetime import timedelta

import orjson
import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from oms import redis_guard
from oms.accounts import api_keys, sessions, sign_in, users
from oms.accounts.actor import Actor, system
from oms.accounts.credentials import Credential, of_api_key
from oms.accounts.models import ApiKey, TokenFamily, User
from oms.errors import Unauthenticated
from oms.extensions import redis_client
from oms.ids import new_id
from oms.transactions import read, transaction
from tests.accounts.people import api_key, registered, shown, signed_in

pytestmark = pytest.mark.usefixtures("context")
OPERATOR = system("tests")


def copy_of(credential: Credential) -> bytes | None:
    found = redis_client().get(sessions.cache_key(credential))
    assert not isinstance(found, str)
    return found


def resolve(credential: Credential) -> Actor:
    """As a door does it: with what Redis holds."""
    return sessions.resolve(credential, copy_of(credential))


def refusal(credential: Credential, cached: bytes | None = None) -> str:
    with pytest.raises(Unauthenticated) as refused:
        sessions.resolve(credential, cached)
    return refused.value.code


def family(user_id: str, lifetime: timedelta = timedelta(hours=1)) -> Credential:
    """A session that ends `lifetime` from now, or ended before."""
    values = {"id": new_id(), "user_id": user_id, "current_jti": new_id(), "expires_at": func.now() + lifetime}
    transaction(lambda session: session.execute(insert(TokenFamily).values(**values)))
    return Credential("token", str(values["id"]), user_id)


def firebase(uid: str) -> Credential:
    return Credential("firebase", uid, uid)


def met(uid: str) -> str:
    """A Firebase user who has been here before; his local id."""
    return transaction(lambda session: users.admit(session, firebase(uid)))


class Counted:
    """Stands where the code reads PostgreSQL, and counts how often it really does."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, work: Callable[..., object]) -> object:
        self.times += 1
        return read(work)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted()
    monkeypatch.setattr("oms.accounts.sessions.transactions.read", counted)
    return counted


@pytest.mark.parametrize("role", ["customer", "staff", "admin"])
def test_a_token_is_its_user_in_his_role(role: str) -> None:
    account = registered(role)
    credential = shown(signed_in(account))
    assert sessions.resolve(credential, None) == Actor(account.id, role, frozenset(), credential.id)  # type: ignore[arg-type]


def test_an_api_key_is_itself_with_its_scopes() -> None:
    made = api_key("orders:read", "payments")
    actor = sessions.resolve(of_api_key(made.key), None)
    assert actor == Actor(made.id, "api_key", frozenset({"orders:read", "payments"}))


def test_the_second_look_asks_postgresql_nothing(reads: Counted) -> None:
    for credential in (shown(signed_in(registered())), of_api_key(api_key().key)):
        reads.times = 0
        assert resolve(credential) == resolve(credential)
        assert reads.times == 1


def test_a_copy_lives_for_a_minute() -> None:
    credential = shown(signed_in(registered()))
    resolve(credential)
    assert 0 < redis_client().ttl(sessions.cache_key(credential)) <= 60


def test_a_damaged_copy_is_ignored() -> None:
    account = registered()
    credential = shown(signed_in(account))
    for damaged in (b"", b"garbage", b"[]", b"{}", b'{"scopes": []}', b"7"):
        assert sessions.resolve(credential, damaged).id == account.id


@pytest.mark.usefixtures("redis_away")
def test_without_redis_postgresql_answers() -> None:
    account = registered()
    assert sessions.resolve(shown(signed_in(account)), None).id == account.id


def test_a_wrong_secret_is_refused_by_the_row_and_by_the_copy() -> None:
    made, other = api_key(), api_key()
    right = of_api_key(made.key)
    wrong = Credential("api_key", right.id, right.id, proof=of_api_key(other.key).proof)
    assert refusal(wrong) == "api_key_invalid"
    resolve(right)
    assert refusal(wrong, copy_of(right)) == "api_key_invalid"
    assert refusal(wrong, orjson.dumps({"id": right.id, "kind": "api_key", "scopes": []})) == "api_key_invalid"


def test_a_family_nobody_opened_is_refused() -> None:
    assert refusal(Credential("token", new_id(), registered().id)) == "token_revoked"


def test_a_family_of_somebody_else_is_refused() -> None:
    credential = family(registered().id)
    assert refusal(Credential("token", credential.id, registered().id)) == "token_revoked"


def test_a_family_that_ran_out_is_refused() -> None:
    assert refusal(family(registered().id, timedelta(seconds=-1))) == "token_revoked"


def test_an_api_key_that_ran_out_is_refused_by_the_row_and_by_the_copy() -> None:
    made = api_key(expires_in_days=1)
    credential = of_api_key(made.key)
    resolve(credential)
    copy = orjson.loads(copy_of(credential) or b"")
    assert copy["until"] == pytest.approx(time.time() + 86_400, abs=60)
    assert refusal(credential, orjson.dumps({**copy, "until": time.time() - 1})) == "api_key_invalid"
    past = update(ApiKey).where(ApiKey.id == made.id).values(expires_at=func.now() - timedelta(seconds=1))
    transaction(lambda session: session.execute(past))
    assert refusal(credential) == "api_key_invalid"


def logged_out(credential: Credential) -> None:
    transaction(lambda session: sign_in.log_out(session, credential.id))


def disabled(credential: Credential) -> None:
    transaction(lambda session: users.change(session, OPERATOR, credential.subject, is_active=False))


def given_a_role(credential: Credential) -> None:
    transaction(lambda session: users.change(session, OPERATOR, credential.subject, role="staff"))


ENDINGS = [logged_out, disabled, given_a_role]


@pytest.mark.parametrize("end", ENDINGS)
def test_what_ends_a_session_ends_it_at_once_though_a_copy_was_made(end: Callable[[Credential], None]) -> None:
    credential = shown(signed_in(registered()))
    resolve(credential)
    end(credential)
    assert copy_of(credential) == sessions.REVOKED
    assert refusal(credential, copy_of(credential)) == "token_revoked"


def test_an_ended_session_is_refused_without_asking_postgresql(reads: Counted) -> None:
    credential = shown(signed_in(registered()))
    logged_out(credential)
    reads.times = 0
    assert refusal(credential, copy_of(credential)) == "token_revoked"
    assert reads.times == 0


def test_a_user_who_was_disabled_by_hand_in_the_database_is_refused() -> None:
    credential = shown(signed_in(registered()))
    off = update(User).where(User.id == credential.subject).values(is_active=False)
    transaction(lambda session: session.execute(off))
    assert refusal(credential) == "token_revoked"


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.usefixtures("redis_away")
def test_what_ends_a_session_ends_it_at_once_while_redis_is_down(end: Callable[[Credential], None]) -> None:
    credential = shown(signed_in(registered()))
    end(credential)
    assert refusal(credential, None) == "token_revoked"


def test_a_revoked_api_key_is_refused_at_once() -> None:
    made = api_key()
    credential = of_api_key(made.key)
    resolve(credential)
    transaction(lambda session: api_keys.revoke(session, OPERATOR, made.id))
    assert refusal(credential, copy_of(credential)) == "api_key_invalid"
    assert refusal(credential, None) == "api_key_invalid"


def test_a_slow_reader_can_not_bring_an_ended_session_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """He reads PostgreSQL before the log-out, and writes his copy after it."""
    credential = shown(signed_in(registered()))

    def read_then_log_out(work: Callable[..., object]) -> object:
        standing = read(work)
        logged_out(credential)
        return standing

    monkeypatch.setattr("oms.accounts.sessions.transactions.read", read_then_log_out)
    sessions.resolve(credential, None)
    assert copy_of(credential) == sessions.REVOKED


def test_a_mark_outlives_every_access_token_of_the_family() -> None:
    credential = shown(signed_in(registered()))
    logged_out(credential)
    assert redis_client().ttl(sessions.cache_key(credential)) > 30 * 60


def test_a_transaction_that_fails_leaves_the_session_alone() -> None:
    credential = shown(signed_in(registered()))
    resolve(credential)

    def fail(session: object) -> None:
        sign_in.log_out(session, credential.id)  # type: ignore[arg-type]
        raise KeyError

    with pytest.raises(KeyError):
        transaction(fail)
    assert resolve(credential).session_id == credential.id


def test_a_mark_is_written_even_while_redis_is_being_left_alone() -> None:
    credential = shown(signed_in(registered()))
    resolve(credential)
    redis_guard.breaker.trip()
    try:
        logged_out(credential)
    finally:
        redis_guard.breaker.reset()
    assert copy_of(credential) == sessions.REVOKED


def test_the_sweep_writes_the_marks_that_were_lost() -> None:
    token, key = shown(signed_in(registered())), of_api_key(api_key().key)
    uid = new_id()
    user_id = met(uid)
    logged_out(token)
    transaction(lambda session: api_keys.revoke(session, OPERATOR, key.id))
    transaction(lambda session: users.change(session, OPERATOR, user_id, role="staff"))
    redis_client().delete(*map(sessions.cache_key, (token, key, firebase(uid))))
    assert transaction(lambda session: sessions.remark_recent(session, 120)) >= 3
    assert [copy_of(each) for each in (token, key, firebase(uid))] == [
        sessions.REVOKED,
        sessions.REVOKED,
        sessions.CHANGED,
    ]


def test_the_sweep_leaves_the_living_and_the_long_ended_alone() -> None:
    living, ended, uid = shown(signed_in(registered())), shown(signed_in(registered())), new_id()
    met(uid)
    logged_out(ended)
    long_ago = update(TokenFamily).where(TokenFamily.id == ended.id).values(revoked_at=func.now() - timedelta(hours=1))
    transaction(lambda session: session.execute(long_ago))
    redis_client().delete(sessions.cache_key(ended))
    transaction(lambda session: sessions.remark_recent(session, 120))
    assert [copy_of(each) for each in (living, ended, firebase(uid))] == [None, None, None]


@pytest.mark.usefixtures("redis_away")
def test_the_sweep_marks_nothing_while_redis_is_down() -> None:
    logged_out(shown(signed_in(registered())))
    assert transaction(lambda session: sessions.remark_recent(session, 120)) == 0


def test_old_families_are_purged_and_others_kept() -> None:
    account = registered()
    old, recent = family(account.id, timedelta(days=-2)), family(account.id, timedelta(hours=-2))
    assert transaction(sessions.purge_expired) >= 1
    kept = read(lambda session: session.scalars(select(TokenFamily.id).where(TokenFamily.user_id == account.id)).all())
    assert (old.id in kept, recent.id in kept) == (False, True)


def test_a_firebase_user_nobody_has_met_is_told_apart() -> None:
    with pytest.raises(sessions.FirstUse):
        sessions.resolve(firebase(new_id()), None)


def test_a_firebase_user_is_his_local_user_without_a_session_of_ours() -> None:
    uid = new_id()
    assert resolve(firebase(uid) if met(uid) else firebase("")) == Actor(met(uid), "customer")


def test_a_firebase_user_who_is_disabled_is_refused_at_once() -> None:
    uid = new_id()
    user_id = met(uid)
    resolve(firebase(uid))
    transaction(lambda session: users.change(session, OPERATOR, user_id, is_active=False))
    assert refusal(firebase(uid), copy_of(firebase(uid))) == "account_disabled"


def test_a_firebase_user_has_his_new_role_at_once() -> None:
    uid = new_id()
    user_id = met(uid)
    resolve(firebase(uid))
    transaction(lambda session: users.change(session, OPERATOR, user_id, role="staff"))
    assert resolve(firebase(uid)).kind == "staff"


def test_a_firebase_users_change_is_asked_about_only_for_a_while() -> None:
    uid = new_id()
    user_id = met(uid)
    transaction(lambda session: users.change(session, OPERATOR, user_id, role="staff"))
    assert 60 < redis_client().ttl(sessions.cache_key(firebase(uid))) <= 120


def test_nothing_in_redis_is_a_secret(context: Flask) -> None:
    made = api_key()
    resolve(of_api_key(made.key))
    assert made.key.split("_", 2)[2].encode() not in (copy_of(of_api_key(made.key)) or b"")
    row = read(lambda session: session.execute(select(ApiKey.secret_hash).where(ApiKey.id == made.id)).scalar_one())
    assert made.key.split("_", 2)[2] not in row


def test_a_user_is_never_removed_by_ending_his_sessions() -> None:
    credential = shown(signed_in(registered()))
    disabled(credential)
    found = read(lambda session: session.scalars(select(User.is_active).where(User.id == credential.subject)).one())
    assert found is False
