"""Orders of both shapes, driven by several callers in any order, against a model of what should happen."""

from decimal import Decimal
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests import factories
from tests.callers import Caller, exact
from tests.depth import examples
from tests.factories import line
from tests.orders.model import ModelLine, ModelOrder
from tests.orders.table import ALL

STATUS = {"step_not_yours": 403, "scope_missing": 403}
QUANTITIES = st.sampled_from([Decimal("0.5"), Decimal("1.250"), Decimal(2)])
WHO = st.sampled_from(["customer", "staff", "warehouse", "stranger"])
SHOP = st.sampled_from(["staff", "warehouse"])
WORDS = st.sampled_from([*ALL, "PAID", "CANCELED", "Shipped"])
ROWS = st.lists(QUANTITIES, min_size=1, max_size=2)
MEANS = {"PAID": "confirmed", "CANCELED": "cancelled", "Shipped": "shipped"}
NAMES = ("quantity", "cancelled", "shipped", "delivered", "returned")


class Orders(RuleBasedStateMachine):
    """Every step is checked against the model, the cache, the database, the journey and the outbox."""

    orders: Bundle[ModelOrder] = Bundle("orders")

    def __init__(self, app: Flask, people: dict[str, Caller]) -> None:
        super().__init__()
        self.app, self.people = app, people

    @initialize(target=orders, quantities=ROWS)
    def begin(self, quantities: list[Decimal]) -> ModelOrder:
        return self.place_lines("customer", quantities)

    @rule(target=orders, who=st.sampled_from(["customer", "stranger", "staff"]), quantities=ROWS)
    def place_lines(self, who: str, quantities: list[Decimal]) -> ModelOrder:
        caller = self.people[who]
        owner = self.people["customer"] if who == "staff" else caller
        lines = [line(f"SKU-{number}", quantity) for number, quantity in enumerate(quantities)]
        body = factories.lines_body(*lines, customer_id=owner.id)
        answer = caller.post("/orders", body)
        assert answer.status_code == 201, answer.data
        made = [ModelLine(quantity) for quantity in quantities]
        return self.agree(ModelOrder(body["order_id"], owner, False, False, made), answer)

    @rule(target=orders, who=st.sampled_from(["customer", "stranger"]))
    def place_free_form(self, who: str) -> ModelOrder:
        owner = self.people[who]
        answer = owner.post("/orders", {"items": {"coffee": 1}, "order_price": "2.50"})
        assert answer.status_code == 201, answer.data
        return self.agree(ModelOrder(exact(answer)["order_id"], owner, True, False, []), answer)

    @rule(order=orders, who=WHO, word=WORDS)
    def change_status(self, order: ModelOrder, who: str, word: str) -> None:
        role, caller = self.role(order, who)
        answer = caller.patch(f"/orders/{order.order_id}", {"status": word})
        self.expect(order, answer, role and order.change_status(MEANS.get(word, word), role), role)

    @rule(order=orders, who=SHOP, number=st.integers(1, 2), word=WORDS)
    def change_line(self, order: ModelOrder, who: str, number: int, word: str) -> None:
        answer = self.people[who].patch(f"/orders/{order.order_id}/items/{number}", {"status": word})
        code: str | None = "item_not_found"
        if number <= len(order.lines):
            code = order.change_line(number, MEANS.get(word, word), who)
        self.expect(order, answer, code, who)

    @rule(order=orders, who=SHOP, number=st.integers(1, 2), quantity=st.sampled_from([Decimal(3), Decimal("2.125")]))
    def order_quantity(self, order: ModelOrder, who: str, number: int, quantity: Decimal) -> None:
        answer = self.people[who].patch(f"/orders/{order.order_id}/items/{number}", {"quantity": quantity})
        code: str | None = "item_not_found"
        if number <= len(order.lines):
            code = order.order_quantity(number, quantity)
        self.expect(order, answer, code, who)

    @rule(order=orders, who=WHO)
    def cancel(self, order: ModelOrder, who: str) -> None:
        role, caller = self.role(order, who)
        answer = caller.post(f"/orders/{order.order_id}/cancel")
        code = "scope_missing" if who == "warehouse" else role and order.cancel(role)
        if code == "invalid_transition":
            code = "not_cancellable"
        self.expect(order, answer, code, role)

    @rule(
        order=orders,
        who=st.sampled_from(["customer", "staff"]),
        numbers=st.lists(st.integers(1, 2), min_size=1, max_size=2, unique=True),
        quantity=st.one_of(st.none(), QUANTITIES),
    )
    def cancel_lines(self, order: ModelOrder, who: str, numbers: list[int], quantity: Decimal | None) -> None:
        role, caller = self.role(order, who)
        items = [{"line_no": number, **({"quantity": quantity} if quantity else {})} for number in numbers]
        answer = caller.put(f"/orders/{order.order_id}/cancel", {"items": items})
        code: str | None = None
        if role and order.status != "cancelled":
            code = order.ask(order.status, "cancelled", role)  # type: ignore[assignment]
            if isinstance(code, str):
                code = "not_cancellable"
            elif max(numbers) > len(order.lines):
                code = "item_not_found"
            else:
                code = order.cancel_lines([(number, quantity) for number in numbers], role)
        self.expect(order, answer, code, role)

    @rule(order=orders, who=st.sampled_from(["customer", "staff", "stranger"]), value=st.integers(1, 2))
    def edit(self, order: ModelOrder, who: str, value: int) -> None:
        role, caller = self.role(order, who)
        answer = caller.put(f"/orders/{order.order_id}", {"metadata": {"value": value}})
        self.expect(order, answer, role and order.edit({"value": value}, role), role)

    def role(self, order: ModelOrder, who: str) -> tuple[str | None, Caller]:
        """As what somebody comes to this order: None for a customer who has nothing to do with it."""
        caller = self.people[who]
        if who in ("staff", "warehouse"):
            return who, caller
        return ("customer" if caller is order.owner else None), caller

    def expect(self, order: ModelOrder, answer: Any, code: str | None, role: str | None) -> None:
        if role is None:
            assert (answer.status_code, answer.get_json()["code"]) == (404, "order_not_found")
        elif code is not None:
            status = 404 if code == "item_not_found" else STATUS.get(code, 409)
            assert (answer.status_code, answer.get_json()["code"]) == (status, code)
        else:
            assert answer.status_code == 200, answer.data
        self.agree(order, answer if answer.status_code == 200 else None)

    def agree(self, order: ModelOrder, answer: Any) -> ModelOrder:
        """The answer, a GET, the cache, the database, the journey and the outbox all say what the model says."""
        read = order.owner.get(f"/orders/{order.order_id}")
        assert read.headers["ETag"] == f'"{order.version}"'
        if answer is not None:
            assert answer.data == read.data
        shown = exact(read)
        assert factories.rendered(self.app, shown) == read.data
        assert factories.cached_body(self.app, shown) == read.data
        assert (shown["status"], shown["version"]) == (order.status, order.version)
        assert shown["metadata"] == order.metadata
        self._lines(order, shown)
        self._journey(order)
        self._outbox(order, shown)
        return order

    @staticmethod
    def _lines(order: ModelOrder, shown: Any) -> None:
        items = [] if order.owner_managed else shown["items"]
        assert [item["status"] for item in items] == [line.status for line in order.lines]
        for item, one in zip(items, order.lines, strict=True):
            told = {name: item[name if name == "quantity" else f"{name}_quantity"] for name in NAMES}
            assert told == {name: getattr(one, name) for name in NAMES}
            assert told["cancelled"] + told["shipped"] <= told["quantity"]
            assert told["returned"] <= told["delivered"] <= told["shipped"]

    @staticmethod
    def _journey(order: ModelOrder) -> None:
        entries = exact(order.owner.get(f"/orders/{order.order_id}/journey"))["journey"]
        assert [entry["seq"] for entry in entries] == order.steps
        steps = [entry for entry in entries if entry["line_no"] is None]
        assert steps[0]["previous_status"] is None
        assert [entry["previous_status"] for entry in steps[1:]] == [entry["current_status"] for entry in steps[:-1]]
        assert steps[-1]["current_status"] == order.status

    def _outbox(self, order: ModelOrder, shown: Any) -> None:
        events = factories.outbox(self.app, shown)
        places = [(event.version, event.position) for event in events]
        assert places == sorted(set(places))
        assert (events[-1].version, events[-1].status) == (order.version, order.status)


def test_any_sequence_of_requests_does_what_the_model_says(
    app: Flask, customer: Caller, other_customer: Caller, staff: Caller, warehouse: Caller
) -> None:
    people = {"customer": customer, "stranger": other_customer, "staff": staff, "warehouse": warehouse}
    run_state_machine_as_test(
        lambda: Orders(app, people),
        settings=settings(
            max_examples=examples(24),
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
