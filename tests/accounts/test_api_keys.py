from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from oms.accounts import api_keys
from oms.accounts.actor import system
from oms.accounts.api_keys import KeyEntry
from oms.accounts.models import ApiKey
from oms.errors import Invalid, NotFound
from oms.ids import new_id
from oms.transactions import read, transaction
from tests.accounts.people import api_key

pytestmark = pytest.mark.usefixtures("context")


def listed(key_id: str) -> KeyEntry:
    return next(entry for entry in read(api_keys.listed) if entry.id == key_id)


def test_a_key_is_listed_without_its_secret() -> None:
    made = api_key("payments", "orders:read", "payments")
    entry = listed(made.id)
    assert (entry.name, list(entry.scopes), entry.created_by) == ("warehouse", ["orders:read", "payments"], "tests")
    assert (entry.expires_at, entry.revoked_at) == (None, None)
    assert made.key.split("_", 2)[2] not in repr(entry)


def test_the_newest_key_is_listed_first() -> None:
    made = [api_key().id, api_key().id]
    seen = [entry.id for entry in read(api_keys.listed) if entry.id in made]
    assert seen == sorted(made, reverse=True)


def test_a_key_may_run_out() -> None:
    entry = listed(api_key(expires_in_days=30).id)
    assert entry.expires_at == entry.created_at + timedelta(days=30)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["orders:read", "admin"]])
def test_a_key_without_a_scope_or_with_an_unknown_one_is_not_made(scopes: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        transaction(lambda session: api_keys.create(session, system("tests"), "x", scopes))
    assert refused.value.code == "invalid_scopes"


@pytest.mark.parametrize("scopes", [[], ["everything"]])
def test_the_database_has_the_last_word_on_scopes(scopes: list[str]) -> None:
    row = {"id": new_id(), "name": "x", "secret_hash": "0" * 64, "scopes": scopes, "created_by": "tests"}
    with pytest.raises(IntegrityError):
        transaction(lambda session: session.execute(insert(ApiKey).values(**row)))


def test_a_key_is_revoked_once_and_again_is_no_error() -> None:
    made = api_key()
    transaction(lambda session: api_keys.revoke(session, system("tests"), made.id))
    first = listed(made.id).revoked_at
    transaction(lambda session: api_keys.revoke(session, system("tests"), made.id))
    assert first is not None
    assert listed(made.id).revoked_at == first


def test_a_key_nobody_made_is_not_found() -> None:
    with pytest.raises(NotFound):
        transaction(lambda session: api_keys.revoke(session, system("tests"), new_id()))
