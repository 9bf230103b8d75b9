"""The one reader: what json.loads alone would let through is refused by name."""

from decimal import Decimal
from typing import Any

import pytest

from oms import strict_json
from oms.errors import Invalid, Malformed, OmsError


def refusal(raw: bytes) -> OmsError:
    with pytest.raises(OmsError) as caught:
        strict_json.read(raw)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "invalid_json"),
        (b"   ", "invalid_json"),
        (b"{", "invalid_json"),
        (b"{'a': 1}", "invalid_json"),
        (b'{"a": 1,}', "invalid_json"),
        (b'{"a": 01}', "invalid_json"),
        (b'{"a": +1}', "invalid_json"),
        (b'{"a": .5}', "invalid_json"),
        (b'{"a": 1} x', "invalid_json"),
        (b"NaN", "invalid_json"),
        (b"[Infinity]", "invalid_json"),
        (b"[-Infinity]", "invalid_json"),
        (b"\xef\xbb\xbf{}", "invalid_json"),
        (b'"\xff"', "invalid_json"),
        ("{}".encode("utf-16"), "invalid_json"),
        (b'"a\nb"', "invalid_json"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": 1, "\\u0061": 2}', "duplicate_key"),
        (b'[{"b": {"a": 1, "a": 1}}]', "duplicate_key"),
        (b"[" * 33 + b"]" * 33, "too_deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
        (b"[" * 100_000, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    ],
)
def test_what_is_not_one_json_document_is_malformed(raw: bytes, code: str) -> None:
    found = refusal(raw)
    assert isinstance(found, Malformed)
    assert found.code == code


@pytest.mark.parametrize(
    "number",
    [
        "1e400",
        "-1e400",
        "1e-400",
        "9" * 5000,
        "-" + "9" * 5000,
        "0." + "9" * 5000,
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0e99999999999999999999",
        "0e-99999999",
        "0e99999999",
        "9" * 31,
    ],
)
def test_a_number_nobody_can_keep_is_out_of_range(number: str) -> None:
    assert refusal(f'{{"a": [{number}]}}'.encode()).code == "out_of_range"


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'"\\u0000"', ""),
        (b'{"a": ["x", "\\ud800"]}', "/a/1"),
        (b'{"a": {"b/c": "\\udfff"}}', "/a/b~1c"),
        (b'{"a~": "\\u001f"}', "/a~0"),
        (b'{"a": "\\u007f"}', "/a"),
        (b'{"a": {"\\u0001": 1}}', "/a"),
    ],
)
def test_characters_that_are_no_text_are_pointed_at(raw: bytes, pointer: str) -> None:
    found = refusal(raw)
    assert (found.code, found.errors[0]["pointer"]) == ("invalid_characters", pointer)


@pytest.mark.parametrize("raw", [b"[" + b"1," * 9_999 + b"1]", b'{"' + b"k" * 257 + b'": 1}'])
def test_a_document_that_is_too_large_in_count_or_key_is_refused(raw: bytes) -> None:
    found = refusal(raw)
    assert isinstance(found, Invalid)
    assert found.code == "too_large"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a": "\\ud83d\\ude00", "tab": "\\t\\n"}', {"a": "\U0001f600", "tab": "\t\n"}),
        (b"[" * 32 + b"]" * 32, None),
        (b"[" + b"1," * 9_998 + b"1]", None),
        (b'{"' + b"k" * 256 + b'": 1}', {"k" * 256: 1}),
        (b"null", None),
        (b"true", True),
    ],
)
def test_what_lies_within_the_bounds_is_read(raw: bytes, expected: Any) -> None:
    found = strict_json.read(raw)
    assert expected is None or found == expected


def test_a_fraction_never_passes_through_a_float() -> None:
    found = strict_json.read(b"[0.1, 49.99, 1e3, 100000000000000000.01]")
    assert found == [Decimal("0.1"), Decimal("49.99"), Decimal(1000), Decimal("100000000000000000.01")]
    assert all(isinstance(number, Decimal) for number in found)


@pytest.mark.parametrize(
    "text",
    ["0", "-5", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "123456789" * 3, "1.250"],
)
def test_a_number_comes_out_with_the_digits_it_came_with(text: str) -> None:
    assert strict_json.write(strict_json.read(text.encode())) == text.encode()


def test_the_canonical_form_does_not_depend_on_white_space_or_the_order_of_keys() -> None:
    one = strict_json.read(b'{"b": [1, {"y": 1.50, "x": null}], "a": "z"}')
    other = strict_json.read(b'{"a":"z","b":[1,{"x":null,"y":1.50}]}')
    assert strict_json.canonical(one) == strict_json.canonical(other)
    assert strict_json.canonical(one) != strict_json.canonical(strict_json.read(b'{"a": "z"}'))


def test_a_pointer_escapes_what_rfc_6901_escapes() -> None:
    assert strict_json.pointer(("items", 0, "a/b", "c~d")) == "/items/0/a~1b/c~0d"
