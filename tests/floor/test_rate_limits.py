import secrets
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from devstack.server import wait_until
from devstack.valkey import Valkey
from oms import redis_guard
from oms.ids import new_id
from oms.web.rate_limits import limiter
from tests.callers import Caller, person
from tests.conftest import Servers
from tests.floor import applications
from tests.floor.outsiders import Outsider

HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")


@pytest.fixture
def strict(app: Flask, servers: Servers) -> Iterator[Flask]:
    """Three requests a minute; three log-ins an account, five an address."""
    limits = {
        "RATELIMIT_DEFAULT": "3/minute",
        "RATELIMIT_LOGIN_ACCOUNT": "3/minute",
        "RATELIMIT_LOGIN_ADDRESS": "5/minute",
        # A busy machine must not send these tests to the count of the process.
        "REDIS_TIMEOUT_MS": "2000",
    }
    with applications.another(app, servers, **limits) as made:
        yield made


@pytest.fixture
def caller(strict: Flask) -> Caller:
    return Outsider.like(person(strict, "customer"))


def statuses(call: Callable[[], object], times: int) -> list[int]:
    return [call().status_code for _ in range(times)]  # type: ignore[attr-defined]


def from_address(app: Flask) -> tuple[Caller, dict[str, dict[str, str]]]:
    """Somebody at an address nobody else has."""
    octets = ".".join(str(octet) for octet in secrets.token_bytes(3))
    return Outsider(app, {}, ""), {"environ_overrides": {"REMOTE_ADDR": f"10.{octets}"}}


def log_in(caller: Caller, place: dict[str, dict[str, str]], username: str, **headers: str) -> int:
    form = {"username": username, "password": "wrong-password"}
    response = caller.call("POST", "/auth/token", data=form, headers=headers, **place)
    return response.status_code


def test_the_request_over_the_limit_is_a_429_problem_that_says_when(caller: Caller) -> None:
    assert statuses(lambda: caller.get("/orders"), 3) == [200, 200, 200]
    refused = caller.get("/orders")
    assert (refused.status_code, refused.content_type) == (429, "application/problem+json")
    assert refused.json["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_every_answer_says_how_much_is_left(caller: Caller) -> None:
    answers = [caller.get("/orders") for _ in range(4)]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"3"}
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {"3;w=60"}
    assert all(1 <= int(answer.headers["RateLimit-Reset"]) <= 60 for answer in answers)


def test_each_caller_has_his_own_count(strict: Flask, caller: Caller) -> None:
    statuses(lambda: caller.get("/orders"), 4)
    other = Outsider.like(person(strict, "customer"))
    assert other.get("/orders").status_code == 200


def test_each_route_has_its_own_count(caller: Caller) -> None:
    statuses(lambda: caller.get("/orders"), 4)
    assert caller.get("/auth/me").status_code == 200


def test_parallel_requests_share_one_count(caller: Caller) -> None:
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.append(Outsider.like(caller).get("/orders").status_code)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [200, 200, 200, 429, 429, 429, 429, 429]


def test_a_stranger_is_counted_by_his_address_also_with_a_forged_token(strict: Flask) -> None:
    stranger, place = from_address(strict)
    seen = [
        stranger.get("/orders", headers={"Authorization": f"Bearer forged-{number}"}, **place).status_code
        for number in range(4)
    ]
    assert seen == [401, 401, 401, 429]


def test_guessing_at_one_account_is_limited_wherever_it_comes_from(strict: Flask) -> None:
    username = f"{new_id()}@example.com"
    seen = []
    for _ in range(4):
        somebody, place = from_address(strict)
        seen.append(log_in(somebody, place, username))
    assert seen == [401, 401, 401, 429]


def test_other_letters_of_the_same_account_do_not_help(strict: Flask) -> None:
    username = f"{new_id()}@example.com"
    seen = []
    for spelling in (username, username.upper(), f" {username} ", username.title()):
        somebody, place = from_address(strict)
        seen.append(log_in(somebody, place, spelling))
    assert seen[-1] == 429


def test_guessing_from_one_address_is_limited_whatever_the_account(strict: Flask) -> None:
    somebody, place = from_address(strict)
    seen = [log_in(somebody, place, f"{new_id()}@example.com") for _ in range(6)]
    assert seen == [401, 401, 401, 401, 401, 429]


def test_a_forwarded_address_is_not_believed(strict: Flask) -> None:
    somebody, place = from_address(strict)
    seen = [
        log_in(somebody, place, f"{new_id()}@example.com", **{"X-Forwarded-For": f"192.0.2.{number}"})
        for number in range(6)
    ]
    assert seen[-1] == 429


def test_behind_a_trusted_proxy_the_forwarded_address_counts(app: Flask, servers: Servers) -> None:
    with applications.another(app, servers, RATELIMIT_LOGIN_ADDRESS="2/minute", TRUSTED_PROXY_HOPS="1") as behind:
        proxy, place = from_address(behind)
        client = from_address(behind)[1]["environ_overrides"]["REMOTE_ADDR"]
        forged_then_real = {"X-Forwarded-For": f"192.0.2.7, {client}"}
        seen = [log_in(proxy, place, f"{new_id()}@example.com", **forged_then_real) for _ in range(3)]
        other = from_address(behind)[1]["environ_overrides"]["REMOTE_ADDR"]
        seen.append(log_in(proxy, place, f"{new_id()}@example.com", **{"X-Forwarded-For": other}))
    assert seen == [401, 401, 429, 401]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
def test_probes_are_not_counted(strict: Flask, path: str) -> None:
    somebody, place = from_address(strict)
    answers = [somebody.get(path, **place) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any(name in answers[-1].headers for name in HEADERS)


def test_without_redis_the_process_counts_and_says_so(caller: Caller, valkey: Valkey) -> None:
    valkey.kill()
    before = _fallbacks(caller)
    answers = [caller.get("/orders") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[2].headers["RateLimit-Remaining"] == "0"
    assert _fallbacks(caller) - before == 4


def test_when_redis_returns_the_count_is_shared_again(strict: Flask, caller: Caller, valkey: Valkey) -> None:
    valkey.kill()
    assert caller.get("/orders").status_code == 200
    assert limiter._storage_dead
    valkey.start()
    assert wait_until(redis_guard.breaker.may_try, 5)
    someone_else = Outsider.like(person(strict, "customer"))
    # Flask-Limiter asks again after 1, 2, 4 ... seconds.
    assert wait_until(lambda: bool(someone_else.get("/auth/me")) and not limiter._storage_dead, 10)
    assert statuses(lambda: caller.get("/orders"), 4) == [200, 200, 200, 429]


def _fallbacks(caller: Caller) -> float:
    text = caller.get("/metrics").text
    (line,) = [line for line in text.splitlines() if line.startswith("oms_limiter_fallbacks_total")]
    return float(line.split()[1])
