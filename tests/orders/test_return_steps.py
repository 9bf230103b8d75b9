"""The table of a return request's steps, every pair of it."""

from datetime import UTC, datetime

import pytest

from oms.errors import InvalidTransition
from oms.orders import return_steps
from oms.orders.models import RETURN_STATUSES
from oms.orders.order import ReturnRequest
from oms.orders.return_steps import ACCEPTED, CANCELLED, CLOSED, RECEIVED, REJECTED, REQUESTED

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# (from, to): True where the step is taken, False where it has been taken already, absent where it is refused.
TABLE = {
    (REQUESTED, REQUESTED): False,
    (REQUESTED, ACCEPTED): True,
    (REQUESTED, REJECTED): True,
    (REQUESTED, CANCELLED): True,
    (ACCEPTED, ACCEPTED): False,
    (ACCEPTED, RECEIVED): True,
    (ACCEPTED, REJECTED): True,
    (ACCEPTED, CANCELLED): True,
    (RECEIVED, ACCEPTED): False,
    (RECEIVED, RECEIVED): False,
    (RECEIVED, CLOSED): True,
    (CLOSED, ACCEPTED): False,
    (CLOSED, RECEIVED): False,
    (CLOSED, CLOSED): False,
    (REJECTED, REJECTED): False,
    (CANCELLED, CANCELLED): False,
}
PAIRS = [(current, target) for current in RETURN_STATUSES for target in RETURN_STATUSES]


def request(status: str) -> ReturnRequest:
    return ReturnRequest("R", status, "damaged", NOW, NOW)


def test_the_table_knows_every_status_the_database_knows() -> None:
    assert set(return_steps.STEPS) == set(RETURN_STATUSES)


@pytest.mark.parametrize(("current", "target"), sorted(TABLE))
def test_a_step_is_taken_once(current: str, target: str) -> None:
    assert return_steps.reached(request(current), target) is not TABLE[current, target]


@pytest.mark.parametrize(("current", "target"), [pair for pair in PAIRS if pair not in TABLE])
def test_any_other_step_is_refused_with_those_there_are(current: str, target: str) -> None:
    with pytest.raises(InvalidTransition) as refused:
        return_steps.reached(request(current), target)
    allowed = [to for (start, to), taken in TABLE.items() if start == current and taken]
    assert refused.value.code == "invalid_return_step"
    assert (refused.value.extra["allowed"], refused.value.extra["current"]) == (allowed, current)


@pytest.mark.parametrize("status", RETURN_STATUSES)
def test_what_is_open_still_may_be_withdrawn(status: str) -> None:
    assert request(status).open == (CANCELLED in return_steps.STEPS[status])
