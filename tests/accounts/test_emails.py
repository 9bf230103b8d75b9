import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.accounts import emails
from oms.errors import Invalid


@pytest.mark.parametrize("spelling", ["Ann@Example.COM", "  ann@example.com ", "ANN@EXAMPLE.COM"])
def test_one_mailbox_has_one_spelling(spelling: str) -> None:
    assert emails.checked(spelling) == "ann@example.com"


def test_composed_and_decomposed_letters_are_one_spelling() -> None:
    assert emails.checked("Jose\u0301@example.com") == emails.checked("jos\u00c9@example.com")


@given(st.text(max_size=50))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert emails.normalise(emails.normalise(text)) == emails.normalise(text)


@pytest.mark.parametrize("address", ["a@b", "first.last+tag@shop.example.com", "почта@пример.рф"])
def test_usual_addresses_are_accepted(address: str) -> None:
    assert emails.checked(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "a b@example.com",
        "ann@exa mple.com",
        "ann@@example.com",
        "ann@-example.com",
        "ann@example..com",
        "ann\x00@example.com",
        "ann@example.com\nbcc:x@y.z",
        "a" * 65 + "@example.com",
        "ann@" + "a." * 130 + "com",
    ],
)
def test_what_is_no_address_is_refused_with_a_pointer(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        emails.checked(text)
    assert refusal.value.code == "invalid_email"
    assert refusal.value.errors[0]["pointer"] == "/email"
