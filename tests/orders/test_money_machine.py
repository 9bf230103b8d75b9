"""An order's money, driven in any order by customers, staff, a provider and the refund job, against a model of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from oms.ids import new_id
from oms.providers.razorpay import Razorpay
from tests import factories
from tests.callers import exact
from tests.conftest import Servers
from tests.depth import examples
from tests.orders.amounts import CURRENCIES, rounded, unit
from tests.orders.model import MAIN
from tests.orders.money_model import STEP, ZERO, Line, MoneyModel, Part, Share, minor
from tests.providers.provider_server import RESET, RESET_AFTERWARDS
from tests.providers.razorpay_server import RazorpayServer
from tests.razorpay_shop import RazorpayShop

INVALID = {
    "amount_exceeds_due": 422,
    "amount_exceeds_payment": 422,
    "refund_exceeds_refundable": 422,
    "nothing_to_refund": 422,
    "return_exceeds_delivered": 422,
}
QUANTITIES = st.sampled_from([Decimal(1), Decimal("0.5"), Decimal("1.250"), Decimal("0.333"), Decimal(3)])
PORTIONS = st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(9, 8)])
PICK = st.integers(0, 5)


@dataclass
class Attempt:
    """A customer's attempt to pay a part at the provider, as the provider has it."""

    part: Part
    theirs: str
    amount: Decimal
    status: str


@dataclass
class Letter:
    """A callback on its way: what it says was true when it was written."""

    headers: dict[str, str]
    body: bytes
    attempt: Attempt
    status: str
    taken: bool = False


class Money(RuleBasedStateMachine):
    """One order. After each step the order, the database, the cache and the provider's ledger agree with the model."""

    def __init__(self, shop: RazorpayShop) -> None:
        super().__init__()
        self.shop, self.razorpay = shop, shop.razorpay
        self.attempts: list[Attempt] = []
        self.letters: list[Letter] = []
        self.requests = count()
        self.steps = 0

    @initialize(
        currency=CURRENCIES,
        lines=st.lists(st.tuples(QUANTITIES, st.integers(0, 2500), PICK, PICK, PICK), min_size=2, max_size=3),
        delivery=st.sampled_from([0, 0, 1, 299]),
        cod=st.sampled_from([None, None, None, Fraction(1), Fraction(1, 2)]),
        unlucky=st.booleans(),
        ahead=st.sampled_from(["", "paid", "delivered", "delivered"]),
    )
    def place(self, currency: str, lines: Any, delivery: int, cod: Fraction | None, unlucky: bool, ahead: str) -> None:
        """`ahead`: what becomes of most orders has happened already, so that there are steps left for the rest."""
        self.unlucky = unlucky  # it may be cancelled early
        one = unit(currency)
        made = []
        for quantity, price, discount, charge, tax in lines:
            line = Line(quantity, price * one, charge=charge * one, tax=Decimal(tax) * Decimal("3.5"))
            if discount * one <= quantity * line.price:
                line.discount = discount * one
            made.append(line)
        total = rounded(sum(line.net(currency) for line in made) + Fraction(delivery * one), currency)
        body = factories.lines_body(
            *(
                factories.line(
                    f"SKU-{number}",
                    line.quantity,
                    line.price,
                    discount=line.discount,
                    handling_charge=line.charge,
                    tax_lines=[{"name": "VAT", "rate": line.tax}],
                )
                for number, line in enumerate(made)
            ),
            currency=currency,
            delivery_charge=delivery * one,
        )
        self.model = MoneyModel(body["order_id"], currency, total, made)
        if cod is not None and total:
            part = Part("cod", rounded(Fraction(total) * cod, currency), provider=False)
            body["payment"] = [{"payment_mode": "cod", "amount": part.amount}]
            self.model.parts.append(part)
            if part.amount == total:
                self.model.goods.change_status("confirmed", "staff")
        answer = self.shop.customer.post("/orders", body)
        assert answer.status_code == 201, answer.data
        assert exact(answer)["total_amount"] == total
        self.order = {"order_id": body["order_id"]}
        self.check()
        if ahead:
            self.add_part("card", None)
        if ahead and self.opened:
            self.customer_pays(0, "captured", False)
            self.callback_arrives(0, 1)
        if ahead == "delivered":
            self.move("delivered", 0)

    # --- payments

    @rule(mode=st.sampled_from(["card", "wallet", "online", "cash", "cod"]), portion=st.none() | PORTIONS)
    def add_part(self, mode: str, portion: Fraction | None) -> None:
        left = max(self.unit, self.model.due - self.model.asked_for)
        amount = None if portion is None else self.some(left, portion)
        body = {"mode": mode, **({} if amount is None else {"amount": amount})}
        code = self.model.add_part(mode, amount)
        answer = self.ask("POST", "payments", body=body)
        self.expect(answer, code, 201)
        if code is None:
            part = self.model.parts[-1]
            part.payment_id = exact(answer)["payment_id"]
            if part.provider and part.status == "pending" and part.amount % STEP[self.model.currency]:
                part.status = "failed"  # the provider can't take such an amount
            elif part.provider and part.status == "pending":
                part.opened = exact(answer)["provider_order_id"]
                assert part.opened in self.razorpay.orders
        self.check()

    @precondition(lambda self: self.manual)
    @rule(pick=PICK, portion=st.none() | PORTIONS)
    def capture_by_hand(self, pick: int, portion: Fraction | None) -> None:
        part = self.manual[pick % len(self.manual)]
        amount = None if portion is None else self.some(part.amount, portion)
        code = self.model.capture_by_hand(part, amount)
        body = {} if amount is None else {"amount": amount}
        self.expect(self.ask("POST", "payments", part.payment_id, "capture", body=body), code)
        self.check()

    @precondition(lambda self: self.model.parts)
    @rule(pick=PICK, step=st.sampled_from(["fail", "void"]))
    def end_part(self, pick: int, step: str) -> None:
        part = self.model.parts[pick % len(self.model.parts)]
        code = self.model.end_part(part, "failed" if step == "fail" else "voided")
        self.expect(self.ask("POST", "payments", part.payment_id, step), code)
        self.check()

    @precondition(lambda self: self.opened)
    @rule(pick=PICK, status=st.sampled_from(["captured", "captured", "authorized", "failed"]), off=st.booleans())
    def customer_pays(self, pick: int, status: str, off: bool) -> None:
        """At the provider, once more or less than he should: nobody has told us yet."""
        part = self.opened[pick % len(self.opened)]
        assert part.opened is not None
        step = STEP[self.model.currency]
        amount = Decimal(self.razorpay.orders[part.opened]["amount"]) * self.unit + (step * 3 if off else ZERO)
        theirs = self.razorpay.pay(part.opened, status, minor(amount, self.model.currency))
        attempt = Attempt(part, theirs, amount, status)
        self.attempts.append(attempt)
        self.write(attempt)

    @precondition(lambda self: any(attempt.status == "authorized" for attempt in self.attempts))
    @rule()
    def provider_captures(self) -> None:
        attempt = next(attempt for attempt in self.attempts if attempt.status == "authorized")
        self.captured_there(attempt)

    @precondition(lambda self: self.letters)
    @rule(pick=PICK, times=st.sampled_from([1, 1, 2]))
    def callback_arrives(self, pick: int, times: int) -> None:
        for _ in range(times):
            self.deliver(self.letters[-1 - pick % len(self.letters)])
            self.check()

    @precondition(lambda self: self.attempts)
    @rule(pick=PICK)
    def callback_is_written_again(self, pick: int) -> None:
        """The same news under another id."""
        self.write(self.attempts[pick % len(self.attempts)])

    @precondition(lambda self: any(part.provider for part in self.model.parts))
    @rule(pick=PICK)
    def client_captures(self, pick: int) -> None:
        parts = [part for part in self.model.parts if part.provider]
        part = parts[pick % len(parts)]
        code = None if part.status == "captured" else self.ask_provider(part)
        answer = self.ask("POST", "payments", part.payment_id, "capture", again=False)
        self.expect(answer, code)
        self.check()

    def ask_provider(self, part: Part) -> str | None:
        """What becomes of it when the client asks: authorized money is taken, all that is known is written down."""
        if part.opened is None:
            return "payment_not_opened"
        rank = ["failed", "authorized", "captured"]
        tried = [attempt for attempt in self.attempts if attempt.part.opened == part.opened]
        wanted = part.open and self.model.goods.status != "cancelled"
        wanted = wanted and all(attempt.status != "captured" for attempt in tried)
        for attempt in sorted(tried, key=lambda attempt: rank.index(attempt.status)):
            if attempt.status == "authorized" and wanted:
                attempt.status, wanted = "captured", False
            self.model.hear(part, attempt.theirs, attempt.status, attempt.amount)
        return None if part.status == "captured" else "nothing_to_capture"

    # --- goods

    @rule(word=st.sampled_from([*MAIN[1:], "shipped", "delivered", "delivery_failed"]), number=PICK)
    def move(self, word: str, number: int) -> None:
        """The whole order, or one line of it."""
        goods = self.model.goods
        if number == 0 or number > len(goods.lines):
            code: Any = goods.ask(goods.status, word, "staff")
            if code == () and any(request.open for request in self.model.returns):
                code = "open_return_requests"
            elif not isinstance(code, str):
                code = goods.change_status(word, "staff")
            answer = self.ask("PATCH", body={"status": word})
        else:
            code = goods.ask(goods.lines[number - 1].status, word, "staff")
            if code == () and self.model.announced(number):
                code = "open_return_requests"
            elif not isinstance(code, str):
                code = goods.change_line(number, word, "staff")
            answer = self.ask("PATCH", "items", number, body={"status": word})
        if code is None:
            self.model.moved()
        self.expect(answer, code)
        self.check()

    @precondition(lambda self: self.unlucky and self.steps > 8)
    @rule(who=st.sampled_from(["customer", "staff"]))
    def cancel(self, who: str) -> None:
        code = self.model.goods.cancel(who)
        answer = self.ask("POST", "cancel", who=who)
        self.expect(answer, "not_cancellable" if code == "invalid_transition" else code)
        if code is None:
            self.model.moved(who)
        self.check()

    @precondition(lambda self: self.unlucky or self.steps > 12)
    @rule(numbers=st.lists(st.integers(1, 2), min_size=1, max_size=2, unique=True), quantity=st.none() | QUANTITIES)
    def cancel_some(self, numbers: list[int], quantity: Decimal | None) -> None:
        goods, code = self.model.goods, None
        if goods.status != "cancelled":
            code = "not_cancellable"
            if not isinstance(goods.ask(goods.status, "cancelled", "staff"), str):
                code = goods.cancel_lines([(number, quantity) for number in numbers], "staff")
        items = [{"line_no": number, **({"quantity": quantity} if quantity else {})} for number in numbers]
        self.expect(self.ask("PUT", "cancel", body={"items": items}), code)
        if code is None:
            self.model.moved()
        self.check()

    # --- refunds

    @precondition(lambda self: self.model.captured)
    @rule(portion=PORTIONS)
    def refund_amount(self, portion: Fraction) -> None:
        amount = self.some(self.model.held, portion)
        self.expect(self.ask("POST", "refunds", body={"amount": amount}), self.model.refund_amount(amount), 201)
        self.check()

    @precondition(lambda self: self.model.captured)
    @rule(number=st.integers(1, 2), quantity=QUANTITIES)
    def refund_items(self, number: int, quantity: Decimal) -> None:
        code = self.model.refund_items(number, quantity)
        body = {"items": [{"line_no": number, "quantity": quantity}]}
        status = 422 if code == "quantity_exceeded" else 201
        self.expect(self.ask("POST", "refunds", body=body), code, status)
        self.check()

    @precondition(lambda self: self.shares("created", "pending"))
    @rule(provider=st.sampled_from(["well", "well", "refuses", "is away", "loses an answer", "takes its time"]))
    def job_runs(self, provider: str) -> None:
        self.run_job(provider)
        self.check()

    @precondition(lambda self: self.pending_there)
    @rule(pick=PICK, well=st.booleans(), told=st.booleans())
    def provider_settles_a_refund(self, pick: int, well: bool, told: bool) -> None:
        share = self.pending_there[pick % len(self.pending_there)]
        assert share.theirs is not None
        (self.razorpay.process_refund if well else self.razorpay.fail_refund)(share.theirs)
        if told:
            name = "refund.processed" if well else "refund.failed"
            assert self.shop.tell(name, share.theirs).get_json()["outcome"] == "applied"
            assert self.shop.tell(name, share.theirs).get_json()["outcome"] == "nothing_new"
            share.status = "processed" if well else "failed"
            self.model.close_returns()
        self.check()

    @precondition(lambda self: self.shares("failed"))
    @rule(pick=PICK, by_hand=st.booleans())
    def refund_is_retried(self, pick: int, by_hand: bool) -> None:
        stuck = self.shares("failed")
        self.retry(stuck[pick % len(stuck)][1].refund_id, by_hand=by_hand)
        self.check()

    # --- returns

    @precondition(lambda self: any(line.delivered for line in self.model.goods.lines))
    @rule(
        numbers=st.lists(st.integers(1, 2), min_size=1, max_size=2, unique=True),
        part=st.sampled_from([None, Decimal("0.333"), Decimal(5)]),
        resolution=st.sampled_from(["refund", "refund", "exchange"]),
    )
    def request_return(self, numbers: list[int], part: Decimal | None, resolution: str) -> None:
        left = {number: self.model.returnable(number, resolution) for number in numbers}
        items = {number: part or max(Decimal("0.001"), left[number]) for number in numbers}
        exceeds = any(quantity > left[number] for number, quantity in items.items())
        wanted = [{"line_no": number, "quantity": quantity} for number, quantity in items.items()]
        body = {"items": wanted, "reason": "damaged", "resolution": resolution}
        answer = self.ask("POST", "returns", body=body, who="customer")
        self.expect(answer, "return_exceeds_delivered" if exceeds else None, 201)
        if not exceeds:
            self.model.request_return(exact(answer)["return_id"], items, resolution)
        self.check()

    @precondition(lambda self: self.model.returns)
    @rule(
        pick=PICK,
        step=st.sampled_from(["accept", "accept", "receive", "receive", "reject", "cancel"]),
        part=st.sampled_from([None, None, Fraction(0), Fraction(1, 2)]),
    )
    def step_return(self, pick: int, step: str, part: Fraction | None) -> None:
        request = self.model.returns[-1 - pick % len(self.model.returns)]
        body, accepted = None, None
        if step == "receive" and part is not None:
            accepted = {
                number: self.thousandths(Fraction(quantity) * part) for number, quantity in request.items.items()
            }
            items = [{"line_no": number, "accepted_quantity": quantity} for number, quantity in accepted.items()]
            body = {"items": items}
        code = self.model.step_return(request, TARGETS[step], accepted)
        self.expect(self.ask("POST", "returns", request.return_id, step, body=body), code)
        self.check()

    # --- how it is done

    @property
    def unit(self) -> Decimal:
        return unit(self.model.currency)

    @property
    def manual(self) -> list[Part]:
        return [part for part in self.model.parts if not part.provider]

    @property
    def opened(self) -> list[Part]:
        return [part for part in self.model.parts if part.opened]

    @property
    def pending_there(self) -> list[Share]:
        """Shares a provider has taken in; cash that waits for a person is pending, too."""
        return [share for part, share in self.shares("pending") if part.provider]

    def shares(self, *statuses: str) -> list[tuple[Part, Share]]:
        return [(part, share) for part in self.model.parts for share in part.shares if share.status in statuses]

    def some(self, amount: Decimal, portion: Fraction) -> Decimal:
        """So much of an amount, and at least the smallest one."""
        return max(self.unit, rounded(Fraction(amount) * portion, self.model.currency))

    @staticmethod
    def thousandths(quantity: Any) -> Decimal:
        return Decimal(int(Fraction(quantity) * 1000)).scaleb(-3)

    def ask(self, method: str, *path: Any, body: Any = None, who: str = "staff", again: bool = True) -> Any:
        """One request; every third is sent twice with one key, and the second changes nothing."""
        caller = self.shop.customer if who == "customer" else self.shop.staff
        path_ = factories.url(self.order, *path)
        if not again or next(self.requests) % 3:
            return caller.call(method, path_, body)
        key = {"Idempotency-Key": new_id()}
        first = caller.call(method, path_, body, headers=key)
        second = caller.call(method, path_, body, headers=key)
        assert second.status_code == first.status_code
        assert ("Idempotency-Replayed" in second.headers) == (first.status_code < 300)
        return first

    @staticmethod
    def expect(answer: Any, code: str | None, status: int = 200) -> None:
        if code is None:
            assert answer.status_code == status, answer.data
        else:
            refusal = status if code == "quantity_exceeded" and status == 422 else INVALID.get(code, 409)
            assert (answer.status_code, answer.get_json()["code"]) == (refusal, code)

    def write(self, attempt: Attempt) -> None:
        headers, body = self.razorpay.webhook(f"payment.{attempt.status}", attempt.theirs)
        self.letters.append(Letter(headers, body, attempt, attempt.status))

    def captured_there(self, attempt: Attempt) -> None:
        self.razorpay.captured_by_provider(attempt.theirs)
        attempt.status = "captured"
        self.write(attempt)

    def deliver(self, letter: Letter) -> None:
        attempt = letter.attempt
        answer = self.shop.send(letter.headers, letter.body)
        assert answer.status_code == 200, answer.data
        if letter.taken:
            assert answer.get_json()["outcome"] == "repeated"
        elif letter.status != "failed":
            news = self.model.hear(self.part_of(attempt), attempt.theirs, letter.status, attempt.amount)
            assert answer.get_json()["outcome"] == ("applied" if news else "nothing_new")
        letter.taken = True

    def part_of(self, attempt: Attempt) -> Part:
        """The first part that was opened where the attempt was made."""
        return next(part for part in self.model.parts if part.opened == attempt.part.opened)

    def run_job(self, provider: str) -> None:
        self.razorpay.refund_later = provider == "takes its time"
        self.razorpay.refuse_refunds = "The bank says no." if provider == "refuses" else None
        if provider == "is away":
            self.razorpay.fail(*[RESET] * 100, only="POST")
        if provider == "loses an answer":
            self.razorpay.fail(RESET_AFTERWARDS, only="POST")
        for part, share in self.shares("created", "pending"):
            if not share.by_hand:
                share.status = self.after_attempt(part, share, provider)
        factories.execute(
            self.shop.app,
            "UPDATE refunds SET next_attempt_at = now() WHERE order_id = :id AND next_attempt_at IS NOT NULL",
            id=self.order["order_id"],
        )
        self.shop.send_refunds()
        self.razorpay.recover()
        self.razorpay.refund_later, self.razorpay.refuse_refunds = False, None
        self.model.close_returns()

    def after_attempt(self, part: Part, share: Share, provider: str) -> str:
        if not part.provider:
            return "processed"
        if share.amount % STEP[self.model.currency]:
            return "failed"
        if share.status == "pending":
            assert share.theirs is not None
            return str(self.razorpay.refunds[share.theirs]["status"])
        return {"refuses": "failed", "is away": "created", "takes its time": "pending"}.get(provider, "processed")

    def retry(self, refund_id: str, *, by_hand: bool) -> None:
        waiting = [share for _, share in self.shares("pending") if by_hand and share.by_hand]
        for share in [*(share for _, share in self.shares("failed")), *waiting]:
            if share.refund_id == refund_id:
                share.status, share.by_hand = ("processed", True) if by_hand else ("created", False)
        self.model.close_returns()
        self.expect(self.ask("POST", "refunds", refund_id, "retry", body={"by_hand": by_hand}), None)

    # --- what has to hold

    def check(self) -> None:
        model = self.model
        self.steps += 1
        read = self.shop.customer.get(factories.url(self.order))
        shown = exact(read)
        assert factories.rendered(self.shop.app, shown) == read.data
        assert factories.cached_body(self.shop.app, shown) == read.data
        self.check_goods(shown)
        self.check_payments(shown)
        told = {name: shown[name] for name in ("status", "payment_state", "amount_due", "total_amount")}
        assert told == {
            "status": model.goods.status,
            "payment_state": model.payment_state,
            "amount_due": model.due,
            "total_amount": model.total,
        }
        captured = sum((part["captured_amount"] for part in shown["payments"]), ZERO)
        back = sum((share["amount"] for part in shown["payments"] for share in part["refunds"]), ZERO)
        assert 0 <= back <= captured
        assert captured - back == model.held <= model.owed
        assert [request["status"] for request in shown["returns"]] == [request.status for request in model.returns]

    def check_goods(self, shown: Any) -> None:
        for item, line, refunded in zip(shown["items"], self.model.goods.lines, self.model.refunded, strict=True):
            moved = [item[f"{name}_quantity"] for name in ("cancelled", "shipped", "delivered", "returned", "refunded")]
            assert moved == [line.cancelled, line.shipped, line.delivered, line.returned, refunded]
            assert item["status"] == line.status
            cancelled, shipped, delivered, returned, _ = moved
            assert cancelled + shipped <= item["quantity"]
            assert returned <= delivered <= shipped
            assert cancelled + refunded <= item["quantity"]

    def check_payments(self, shown: Any) -> None:
        for told, part in zip(shown["payments"], self.model.parts, strict=True):
            part.payment_id = told["payment_id"]
            assert (told["mode"], told["status"]) == (part.mode, part.status)
            amounts = (told["amount"], told["captured_amount"], told["refunded_amount"], told["refundable_amount"])
            assert amounts == (part.amount, part.captured, part.refunded, part.refundable)
            assert part.refunded + part.refundable <= part.captured
            for share, known in zip(told["refunds"], part.shares, strict=True):
                assert (share["amount"], share["status"]) == (known.amount, known.status)
                known.refund_id, known.theirs = share["refund_id"], share["provider_refund_id"]

    def teardown(self) -> None:
        """Everything arrives, the job runs until nothing is left, and the two ledgers are the same."""
        if not hasattr(self, "order"):
            return
        for attempt in self.attempts:
            self.write(attempt)
            self.deliver(self.letters[-1])
        self.check()
        for _ in range(2):
            for share in self.pending_there:
                assert share.theirs is not None
                self.razorpay.process_refund(share.theirs)
            self.run_job("well")
            self.check()
            waiting = [share for _, share in self.shares("pending") if share.by_hand]
            for refund_id in {share.refund_id for share in [*waiting, *(share for _, share in self.shares("failed"))]}:
                self.retry(refund_id, by_hand=True)
                self.check()
        assert not self.shares("created", "pending", "failed")
        assert self.model.given_back == self.model.captured - self.model.held
        if self.model.goods.status == "cancelled":
            assert self.model.given_back == self.model.captured
        self.check_ledger()
        self.check_numbers()

    def check_ledger(self) -> None:
        """What the provider has taken and given back is what our parts say, payment by payment."""
        ours, theirs = {}, {}
        for part in self.model.parts:
            if part.provider and part.status == "captured":
                back = sum((share.amount for share in part.shares if not share.by_hand), ZERO)
                ours[part.theirs] = (minor(part.captured, self.model.currency), minor(back, self.model.currency))
        for attempt in self.attempts:
            entry = self.razorpay.payments[attempt.theirs]
            if entry["captured"]:
                theirs[attempt.theirs] = (entry["amount"], entry["amount_refunded"])
        assert ours == theirs

    def check_numbers(self) -> None:
        series = factories.rows(
            self.shop.app,
            "SELECT series, count(*) AS count, min(number), max(number) FROM invoices"
            " WHERE series ~ '^(INV|CN|RV)-20[0-9]{2}$' GROUP BY series",
        )
        assert all((one.min, one.max) == (1, one.count) for one in series)


TARGETS = {"accept": "accepted", "receive": "received", "reject": "rejected", "cancel": "cancelled"}


@pytest.fixture
def shop(app: Flask, servers: Servers) -> Iterator[RazorpayShop]:
    """The provider's client neither waits between its tries nor leaves the provider alone after some."""
    ticks = count(0, 60)
    clock: Callable[[], float] = lambda: float(next(ticks))  # noqa: E731
    with RazorpayServer() as razorpay:
        shop = RazorpayShop(app, servers, razorpay)
        chosen = shop.app.config["OMS_SETTINGS"]
        patient = Razorpay.of(chosen, clock=clock, pause=lambda _: None)
        providers = shop.app.extensions["oms_providers"]
        shop.app.extensions["oms_providers"] = {**providers, "razorpay": patient}
        yield shop


def test_any_sequence_of_steps_leaves_the_money_where_the_model_says(shop: RazorpayShop) -> None:
    run_state_machine_as_test(
        lambda: Money(shop),
        settings=settings(
            max_examples=examples(24),
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # to shrink a failure takes minutes; Phase.shrink is for whoever looks into one
        ),
    )
