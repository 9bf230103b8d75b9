"""Values at their word: no coercion, no rounding."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from marshmallow import ValidationError
from marshmallow.fields import Field

from oms.config import Settings
from oms.fields import FreeForm, Money, Quantity, QueryInteger, StrictBoolean, StrictInteger, Text, Timestamp
from tests.conftest import Servers


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Text(), "tea", "tea"),
        (Text(), "", ""),
        (Text(), "\U0001f600\t\n", "\U0001f600\t\n"),
        (StrictInteger(low=1, high=9), 5, 5),
        (StrictInteger(low=1, high=9), Decimal("5.0"), 5),
        (StrictBoolean(), True, True),
        (StrictBoolean(), False, False),
        (QueryInteger(low=1, high=100), "7", 7),
        (Money(), 12, Decimal(12)),
        (Money(), Decimal("12.50"), Decimal("12.50")),
        (Money(), "12.50", Decimal("12.50")),
        (Money(), Decimal("1E+3"), Decimal(1000)),
        (Money(), 0, Decimal(0)),
        (Money(), 999_999_999_999, Decimal(999_999_999_999)),
        (Quantity(), Decimal("1.250"), Decimal("1.250")),
        (Quantity(), "9999999.999", Decimal("9999999.999")),
        (Quantity(above=None), 0, Decimal(0)),
        (FreeForm(), {"any": ["thing", None]}, {"any": ["thing", None]}),
    ],
)
def test_what_is_right_is_taken_as_it_is(field: Field[Any], value: Any, expected: Any) -> None:
    assert field.deserialize(value) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((Text(), value) for value in (1, True, ["a"], {}, None, "a\x00b", "\x1b[31m", "\ud800", "\x7f")),
        *((StrictInteger(low=1, high=9), value) for value in ("1", True, 0, 10, Decimal("1.5"), None, 10**20)),
        *((StrictBoolean(), value) for value in (1, 0, "true", "yes", Decimal(1), [], None)),
        *(
            (QueryInteger(low=1, high=100), value)
            for value in ("0", "101", "-1", "abc", "", "1.0", "1e9", "٣", "9" * 30)
        ),
        *(
            (Money(), value)
            for value in (True, "1e3", "", " 1", "1,5", "NaN", "0x1", "-1", "\u0663", None, [], {}, "01")
        ),
        *((Money(), value) for value in (-1, Decimal("-0.01"), 10**12, Decimal("0.0000001"), Decimal("1e-30"))),
        (Money(), Decimal("999999999999." + "9" * 40)),
        *(
            (Quantity(), value)
            for value in (0, -1, "0", "0.000", Decimal("0.0001"), 10**7, Decimal("9999999.9991"), True)
        ),
        *((FreeForm(), value) for value in ([], "x", 1, None)),
    ],
)
def test_what_would_have_to_be_bent_is_refused(field: Field[Any], value: Any) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(value)


@pytest.mark.parametrize("zero", [Decimal("-0.0"), "-0", "-0.00", Decimal("0E+3")])
def test_zero_has_no_sign_and_no_exponent(zero: Any) -> None:
    assert str(Money().deserialize(zero)) == "0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-01T10:00:00", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("2024-01-01 10:00", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("2024-01-01T10:00:00Z", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("2024-01-01t10:00:00z", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("2024-01-01T10:00:00+05:30", datetime(2024, 1, 1, 4, 30, tzinfo=UTC)),
        ("2024-01-01T10:00:00.123456789Z", datetime(2024, 1, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc(app: Flask, text: str, expected: datetime) -> None:
    with app.app_context():
        assert Timestamp().deserialize(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-01",
        "2024-13-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01T10:00:00+99:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1969-12-31T23:59:59Z",
        "now",
        "",
        1704103200,
        None,
        "\uff12024-01-01T10:00:00Z",
        "2024-01-01T10:00:00Z" + "0" * 10_000,
    ],
)
def test_what_is_no_time_is_refused(app: Flask, value: Any) -> None:
    with app.app_context(), pytest.raises(ValidationError):
        Timestamp().deserialize(value)


def test_a_time_without_a_zone_is_read_in_the_default_time_zone(servers: Servers) -> None:
    elsewhere = Flask("elsewhere")
    elsewhere.config["OMS_SETTINGS"] = Settings.from_env(servers.environ(DEFAULT_TIMEZONE="Asia/Kolkata"))
    with elsewhere.app_context():
        assert Timestamp().deserialize("2024-01-01T10:00:00") == datetime(2024, 1, 1, 4, 30, tzinfo=UTC)
        assert Timestamp().deserialize("2024-01-01T10:00:00Z") == datetime(2024, 1, 1, 10, tzinfo=UTC)
