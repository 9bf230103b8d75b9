import subprocess
import sys
from pathlib import Path

import argon2
import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.accounts import passwords
from oms.errors import Invalid
from tests.accounts import hashing

hashed = pytest.fixture(hashing.hashed)


def test_a_password_verifies_against_its_own_hash_and_no_other_password_does() -> None:
    stored = passwords.hash_password("correct horse battery")
    assert passwords.verify("correct horse battery", stored)
    assert not passwords.verify("correct horse batterz", stored)


def test_hashes_are_argon2id_with_the_chosen_parameters() -> None:
    assert passwords.hash_password("correct horse").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells the size of a process on Linux only")
def test_hashing_in_many_threads_leaves_the_process_as_small_as_before() -> None:
    program = """
import threading
from pathlib import Path
from oms.accounts import passwords

def kilobytes():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").open() if line.startswith("VmRSS"))

before = kilobytes()
for _ in range(2):
    threads = [threading.Thread(target=passwords.hash_password, args=("correct horse",)) for _ in range(6)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(kilobytes() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 19_456


def test_the_hundredth_byte_counts() -> None:
    stored = passwords.hash_password("x" * 99 + "a")
    assert not passwords.verify("x" * 99 + "b", stored)
    assert passwords.verify("x" * 99 + "a", stored)


def test_a_composed_and_a_decomposed_letter_are_the_same_password() -> None:
    assert passwords.verify("passw\u0065\u0301rd-1", passwords.hash_password("passw\u00e9rd-1"))


def test_nothing_verifies_where_there_is_no_hash() -> None:
    assert not passwords.verify("correct horse", None)


def test_an_unknown_user_costs_as_much_as_a_wrong_password(hashed: list[argon2.Parameters]) -> None:
    passwords.verify("wrong horse battery", passwords.hash_password("correct horse battery"))
    passwords.verify("wrong horse battery", None)
    known, unknown = hashed
    assert known == unknown


@pytest.mark.parametrize("prefix", [b"2a", b"2b", b"2y"])
def test_a_bcrypt_hash_of_the_ancestor_verifies_and_asks_for_an_upgrade(prefix: bytes) -> None:
    stored = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).replace(b"$2b$", b"$" + prefix + b"$", 1).decode()
    assert passwords.verify("correct horse", stored)
    assert not passwords.verify("wrong horse", stored)
    assert passwords.needs_upgrade(stored)


def test_a_long_password_verifies_against_a_bcrypt_hash_as_the_ancestor_cut_it() -> None:
    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert passwords.verify("x" * 100, stored)
    assert not passwords.verify("x" * 71 + "y" * 29, stored)


@pytest.mark.parametrize("damaged", ["$2b$", "$2b$04$short", "$2b$99$" + "a" * 53, "$argon2id$", "plain", "é"])
def test_a_damaged_hash_verifies_nothing(damaged: str) -> None:
    assert not passwords.verify("correct horse", damaged)


def test_a_hash_of_today_needs_no_upgrade_and_one_with_weaker_parameters_does() -> None:
    stored = passwords.hash_password("correct horse")
    assert not passwords.needs_upgrade(stored)
    assert passwords.needs_upgrade(stored.replace("m=19456", "m=8192"))


@pytest.mark.parametrize("accepted", ["12345678", "x" * 128, "пароль-日本語", "  spaces  ", "🐎" * 8])
def test_eight_to_128_characters_of_any_script_are_accepted(accepted: str) -> None:
    passwords.check_rules(accepted)


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        ("1234567", "invalid_password"),
        ("x" * 129, "invalid_password"),
        ("1234567\x00", "invalid_characters"),
        ("1234567\n8", "invalid_characters"),
        ("1234567\x9f", "invalid_characters"),
        ("1234567\ud800", "invalid_characters"),
    ],
)
def test_short_long_and_control_characters_are_refused_with_a_pointer(refused: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.check_rules(refused, "/new_password")
    assert refusal.value.code == code
    assert refusal.value.errors[0]["pointer"] == "/new_password"


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=200))
def test_checking_any_text_answers_and_never_fails(text: str) -> None:
    assert passwords.verify(text, None) is False
    assert passwords.verify(text, "$2b$04$" + "a" * 53) is False
