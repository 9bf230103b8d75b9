"""The table of transitions, every pair of it, for everybody who may ask."""

import itertools

import pytest

from oms.accounts.actor import Actor, system
from oms.errors import Forbidden, Invalid, InvalidTransition
from oms.orders import lifecycle
from tests.orders.table import ALL, BEHIND, CUSTOMER_CANCELS, FORWARD_JUMPS, MAIN, STAFF_CANCELS, STEPS

CUSTOMER = Actor("C-1", "customer")
STAFF = Actor("S-1", "staff")
ADMIN = Actor("A-1", "admin")
CARRIER = Actor("K-1", "api_key", frozenset({"fulfilment"}))
READER = Actor("K-2", "api_key", frozenset({"orders:read", "orders:write"}))
SWEEP = system("sweep")

PAIRS = list(itertools.product(ALL, ALL))
DIFFERENT = [pair for pair in PAIRS if pair[0] != pair[1]]


def outcome(current: str, target: str, actor: Actor, managed_by: str = "operator", *, paid: bool = True) -> object:
    """The skipped statuses of a step that is taken, False for one that changes nothing, or the refusal's code."""
    try:
        step = lifecycle.step(current, target, actor, managed_by, paid=paid)
    except (InvalidTransition, Forbidden) as error:
        return error.code
    assert step.target == target
    return step.skipped if step.applied else False


def test_the_table_is_the_designs() -> None:
    assert {(a, b) for a, targets in lifecycle.TRANSITIONS.items() for b in targets} == STEPS


@pytest.mark.parametrize("status", ALL)
@pytest.mark.parametrize("actor", [CUSTOMER, STAFF, ADMIN, CARRIER, READER, SWEEP])
def test_the_status_an_order_has_already_changes_nothing(actor: Actor, status: str) -> None:
    assert outcome(status, status, actor, paid=False) is False


@pytest.mark.parametrize(("current", "target"), DIFFERENT)
@pytest.mark.parametrize("actor", [STAFF, ADMIN])
def test_staff_take_every_step_of_the_table_and_jump_forward(actor: Actor, current: str, target: str) -> None:
    if (current, target) in STEPS:
        expected: object = ()
    else:
        expected = FORWARD_JUMPS.get((current, target), "invalid_transition")
    assert outcome(current, target, actor, paid=False) == expected


@pytest.mark.parametrize(("current", "target"), DIFFERENT)
def test_a_carrier_does_the_same_but_its_late_reports_change_nothing(current: str, target: str) -> None:
    if target in BEHIND[current]:
        expected: object = False
    elif target == "cancelled" and (current, target) in STEPS:
        expected = () if current in CUSTOMER_CANCELS else "not_cancellable"
    elif (current, target) in STEPS:
        expected = ()
    else:
        expected = FORWARD_JUMPS.get((current, target), "invalid_transition")
    assert outcome(current, target, CARRIER) == expected


@pytest.mark.parametrize(("current", "target"), DIFFERENT)
def test_a_customer_cancels_early_and_confirms_receipt_and_nothing_else(current: str, target: str) -> None:
    if (current, target) not in STEPS:
        expected: object = "invalid_transition"
    elif target == "cancelled":
        expected = () if current in CUSTOMER_CANCELS else "not_cancellable"
    else:
        expected = () if (current, target) == ("shipped", "delivered") else "step_not_yours"
    assert outcome(current, target, CUSTOMER) == expected


@pytest.mark.parametrize(("current", "target"), DIFFERENT)
def test_an_owner_drives_his_own_kind_of_order_along_the_table_without_jumps(current: str, target: str) -> None:
    if (current, target) not in STEPS:
        expected: object = "invalid_transition"
    elif target == "cancelled":
        expected = () if current in CUSTOMER_CANCELS else "not_cancellable"
    else:
        expected = ()
    assert outcome(current, target, CUSTOMER, "owner", paid=False) == expected


@pytest.mark.parametrize(("current", "target"), sorted(STEPS))
@pytest.mark.parametrize("managed_by", ["owner", "operator"])
def test_a_key_without_the_fulfilment_scope_only_cancels(managed_by: str, current: str, target: str) -> None:
    found = outcome(current, target, READER, managed_by)
    if target == "cancelled":
        assert found == (() if current in CUSTOMER_CANCELS else "not_cancellable")
    else:
        assert found == "step_not_yours"


@pytest.mark.parametrize("target", MAIN[1:])
def test_an_unpaid_order_is_not_moved_on_by_a_carrier(target: str) -> None:
    assert outcome("pending", target, CARRIER, paid=False) == "payment_required"
    assert outcome("pending", target, CARRIER, paid=True) == tuple(MAIN[1 : MAIN.index(target)])


@pytest.mark.parametrize("actor", [STAFF, ADMIN, SWEEP])
def test_an_unpaid_order_is_confirmed_by_staff(actor: Actor) -> None:
    assert outcome("pending", "confirmed", actor, paid=False) == ()


def test_an_unpaid_order_is_cancelled_by_a_carrier() -> None:
    assert outcome("pending", "cancelled", CARRIER, paid=False) == ()


@pytest.mark.parametrize(("pair", "skipped"), FORWARD_JUMPS.items())
def test_a_jump_names_what_it_skipped(pair: tuple[str, str], skipped: tuple[str, ...]) -> None:
    assert lifecycle.step(*pair, STAFF, "operator", paid=True).skipped == skipped
    assert skipped


@pytest.mark.parametrize("current", ALL)
def test_a_refusal_lists_what_is_allowed(current: str) -> None:
    with pytest.raises(InvalidTransition) as refusal:
        lifecycle.step(current, "pending" if current != "pending" else "returned", STAFF, "operator", paid=True)
    assert set(refusal.value.extra["allowed"]) == {b for a, b in STEPS if a == current}
    assert refusal.value.extra["current"] == current


def test_what_a_refused_cancel_lists_leaves_out_the_cancel() -> None:
    with pytest.raises(InvalidTransition) as refusal:
        lifecycle.refuse_cancel("packed", CUSTOMER)
    assert refusal.value.extra["allowed"] == ["shipped"]


@pytest.mark.parametrize("current", ALL)
@pytest.mark.parametrize(
    ("actor", "may"), [(CUSTOMER, CUSTOMER_CANCELS), (CARRIER, CUSTOMER_CANCELS), (STAFF, STAFF_CANCELS)]
)
def test_who_may_cancel_from_where(actor: Actor, may: set[str], current: str) -> None:
    if current in may:
        lifecycle.refuse_cancel(current, actor)
    else:
        with pytest.raises(InvalidTransition) as refusal:
            lifecycle.refuse_cancel(current, actor)
        assert refusal.value.code == "not_cancellable"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((status, status) for status in ALL),
        *((status.upper(), status) for status in ALL),
        ("PAID", "confirmed"),
        ("paid", "confirmed"),
        ("CANCELED", "cancelled"),
        ("canceled", "cancelled"),
        (" Shipped ", "shipped"),
    ],
)
def test_both_ancestors_words_are_understood_without_regard_to_case(word: str, status: str) -> None:
    assert lifecycle.parse(word) == status


@pytest.mark.parametrize("word", ["", " ", "done", "pending\n!", "\uff30\uff21\uff29\uff24", "confirmed,packed"])
def test_an_unknown_word_is_refused_with_the_list(word: str) -> None:
    with pytest.raises(Invalid) as refusal:
        lifecycle.parse(word)
    assert refusal.value.code == "unknown_status"
    assert refusal.value.extra["allowed"] == list(lifecycle.STATUSES)
