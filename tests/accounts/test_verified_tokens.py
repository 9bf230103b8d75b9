"""A token whose signature was good is not checked again; everything about it that can change is."""

import time
from dataclasses import replace

import pytest
from flask import Flask

from oms.accounts import tokens
from oms.accounts.tokens import Grant
from oms.errors import Unauthenticated
from oms.ids import new_id


@pytest.fixture
def token(context: Flask) -> str:
    token = tokens.issue(Grant(new_id(), new_id(), new_id())).access_token
    tokens.verify(token, "access")
    return token


def test_it_says_the_same_the_second_time(token: str) -> None:
    assert token in tokens._ring().verified
    first = tokens.verify(token, "access")
    tokens._ring().verified.clear()
    assert tokens.verify(token, "access") == first


def test_it_expires(token: str) -> None:
    known = tokens._ring().verified[token]
    tokens._ring().verified[token] = replace(known, until=time.time() - tokens.LEEWAY_SECONDS)
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(token, "access")
    assert refused.value.code == "token_expired"


def test_it_is_held_to_the_same_end_as_the_library_does(token: str) -> None:
    known = tokens._ring().verified[token]
    assert 0 < known.until - time.time() <= tokens.settings().jwt_access_minutes * 60


def test_it_does_not_become_a_refresh_token(token: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(token, "refresh")
    assert refused.value.code == "token_wrong_type"


def test_a_forged_one_is_not_kept(token: str) -> None:
    head, body, signature = token.split(".")
    forged = f"{head}.{body}.{signature[:-2]}{'AA' if signature[-2:] != 'AA' else 'BB'}"
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            tokens.verify(forged, "access")
    assert forged not in tokens._ring().verified


def test_only_so_many_are_kept(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_MAX_VERIFIED", 3)
    for _ in range(10):
        tokens.verify(tokens.issue(Grant(new_id(), new_id(), new_id())).access_token, "access")
        assert len(tokens._ring().verified) <= 3
