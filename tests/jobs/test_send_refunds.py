"""The job that carries out refunds, and who rings for it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from devstack.valkey import Valkey
from oms import queues, redis_guard
from oms.extensions import redis_client
from oms.gateway import refunding
from oms.jobs import send_refunds as job
from oms.jobs.sweep import Sweep
from oms.orders import refunds
from oms.transactions import read, transaction
from tests import factories, paying
from tests.conftest import Servers
from tests.floor import applications, mending
from tests.paying import Shop

installation = pytest.fixture(scope="module")(paying.installation)
_shop = pytest.fixture(paying.shop)


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    """With no job waiting and no flag up."""
    with _shop.app.app_context():
        for pattern in ("rq:*", "wake:*"):
            if keys := redis_client().keys(pattern):
                redis_client().delete(*keys)
    return _shop


@pytest.fixture
def valkey(shop: Shop, servers: Servers) -> Iterator[Valkey]:
    yield servers.valkey
    mending.mend_redis(shop.app, servers)


def rung(shop: Shop) -> bool:
    """Whether the job waits for a worker."""
    with shop.app.app_context():
        return queues.SEND_REFUNDS in {waiting.func_name for waiting in queues.queue().get_jobs()}


def forget_jobs(shop: Shop) -> None:
    with shop.app.app_context():
        queues.queue().empty()


def sweep(shop: Shop) -> None:
    with shop.app.app_context():
        Sweep().wake_refunds()


def statuses(shop: Shop, order: Any) -> list[str]:
    shop.now(order)
    return [share.status for share in shop.shares(order)]


class TestTheJob:
    def test_it_sends_what_is_due_of_every_order_and_provider(self, shop: Shop) -> None:
        orders = [shop.paid_by_hand(), shop.paid_at("razorpay"), shop.paid_at("stripe")]
        for order in orders:
            shop.refund(order, amount=30)
        assert shop.send_refunds() == 3
        assert [statuses(shop, order) for order in orders] == [["processed"]] * 3
        assert shop.send_refunds() == 0

    def test_it_takes_as_many_batches_as_there_are(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(job, "BATCH", 1)
        orders = [shop.paid_by_hand() for _ in range(3)]
        for order in orders:
            shop.refund(order, amount=30)
        assert shop.send_refunds() == 3

    def test_one_that_is_not_due_waits(self, shop: Shop) -> None:
        order = shop.paid_at("razorpay")
        shop.refund(order, amount=30)
        shop.razorpay.fail(500)
        assert [shop.send_refunds(), shop.send_refunds()] == [1, 0]
        assert statuses(shop, order) == ["created"]

    def test_one_that_is_refused_keeps_no_other_up(self, shop: Shop) -> None:
        refused, given = shop.paid_at("razorpay"), shop.paid_at("stripe")
        for order in (refused, given):
            shop.refund(order, amount=30)
        shop.razorpay.refuse_refunds = "No."
        assert shop.send_refunds() == 2
        assert (statuses(shop, refused), statuses(shop, given)) == (["failed"], ["processed"])

    def test_orders_that_stay_locked_keep_no_other_up(
        self, shop: Shop, servers: Servers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also when as many are locked as are looked at together."""
        monkeypatch.setattr(job, "BATCH", 2)
        locked, given = [shop.paid_by_hand(), shop.paid_by_hand()], shop.paid_by_hand()
        for order in (*locked, given):
            shop.refund(order, amount=30)
        engine = create_engine(servers.postgres.url)
        with (
            applications.another(shop.app, servers, DB_LOCK_TIMEOUT_MS="50") as impatient,
            engine.begin() as somebody,
            impatient.app_context(),
        ):
            held = text("SELECT 1 FROM orders WHERE order_id = ANY(:ids) FOR UPDATE")
            somebody.execute(held, {"ids": [order["order_id"] for order in locked]})
            job.send_refunds()
            assert [shop.shares(order)[0].status for order in (*locked, given)] == ["created", "created", "processed"]
        engine.dispose()
        for order in locked:
            shop.make_due(order)
        assert shop.send_refunds() == 2
        assert [statuses(shop, order) for order in locked] == [["processed"]] * 2

    def test_when_its_time_is_over_it_rings_for_its_successor(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(job, "SECONDS", 0.0)
        for order in (shop.paid_by_hand(), shop.paid_by_hand()):
            shop.refund(order, amount=30)
        forget_jobs(shop)
        assert shop.send_refunds() == 1
        assert rung(shop)
        assert [shop.send_refunds(), shop.send_refunds()] == [1, 0]

    def test_it_takes_the_flag_down_before_it_looks(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        """So a refund that is committed while the job runs rings again."""
        order, other = shop.paid_by_hand(), shop.paid_by_hand()
        shop.refund(order, amount=30)
        forget_jobs(shop)
        real, heard = refunding.send, []

        def meanwhile(wanted: Any) -> str:
            shop.refund(other, amount=30) if not heard else None
            heard.append(rung(shop))
            return real(wanted)

        monkeypatch.setattr(refunding, "send", meanwhile)
        shop.send_refunds()
        assert heard[0] is True


class TestRinging:
    def test_a_refund_rings(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        assert not rung(shop)
        shop.refund(order, amount=30)
        assert rung(shop)

    def test_a_cancel_of_what_was_paid_rings(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        shop.staff.post(factories.url(order, "cancel"))
        assert rung(shop)

    def test_cash_that_a_person_gives_back_rings_for_nobody(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        shop.customer.post(factories.url(order, "cancel"))
        assert not rung(shop)

    def test_a_retry_rings(self, shop: Shop) -> None:
        order = shop.paid_at("razorpay")
        made = shop.refund(order, amount=30)
        shop.razorpay.refuse_refunds = "No."
        shop.send_refunds()
        forget_jobs(shop)
        shop.staff.post(factories.url(order, "refunds", made["refund_id"], "retry"))
        assert rung(shop)

    def test_what_failed_or_is_done_does_not(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        shop.refund(order, amount=30)
        forget_jobs(shop)
        shop.send_refunds()
        assert not rung(shop)


class TestTheSweep:
    def test_it_rings_for_an_attempt_whose_time_has_come(self, shop: Shop) -> None:
        order = shop.paid_at("razorpay")
        shop.refund(order, amount=30)
        shop.razorpay.fail(500)
        shop.send_refunds()
        forget_jobs(shop)
        sweep(shop)
        assert not rung(shop)
        shop.make_due(order)
        sweep(shop)
        assert rung(shop)
        assert statuses(shop, order) == ["created"]

    def test_it_rings_although_a_dead_worker_has_left_the_flag_up(self, shop: Shop) -> None:
        shop.refund(shop.paid_by_hand(), amount=30)
        forget_jobs(shop)
        sweep(shop)
        assert rung(shop)

    def test_it_rings_once_and_whatever_else_waits(self, shop: Shop) -> None:
        shop.refund(shop.paid_by_hand(), amount=30)
        forget_jobs(shop)
        with shop.app.app_context():
            queues.enqueue([queues.PUBLISH_OUTBOX])
            for _ in range(2):
                Sweep().wake_refunds()
            waiting = [job.func_name for job in queues.queue().get_jobs()]
        assert waiting == [queues.PUBLISH_OUTBOX, queues.SEND_REFUNDS]

    def test_it_finds_a_refund_whose_worker_died(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        made = shop.refund(order, amount=30)
        wanted = refunds.DueRefund(order["order_id"], made["refund_id"], order["payments"][0]["payment_id"], 0)
        with shop.app.app_context():
            assert read(lambda session: refunds.due(session, 1)) == [wanted]
            transaction(lambda session: refunds.claim(session, wanted))
        forget_jobs(shop)
        sweep(shop)
        assert not rung(shop)
        shop.make_due(order)
        sweep(shop)
        assert rung(shop)

    def test_without_redis_it_sends_them_itself(self, shop: Shop, valkey: Valkey) -> None:
        order = shop.paid_at("razorpay")
        valkey.kill()
        shop.refund(order, amount=30)
        sweep(shop)
        (share,) = shop.shares(order)
        assert share.status == "processed"
        assert shop.razorpay.payments[order["payments"][0]["provider_payment_id"]]["amount_refunded"] == 3000

    def test_a_refund_asked_for_without_redis_is_rung_for_when_it_is_back(self, shop: Shop, valkey: Valkey) -> None:
        order = shop.paid_by_hand()
        valkey.kill()
        shop.refund(order, amount=30)
        valkey.start()
        redis_guard.breaker.reset()
        assert not rung(shop)
        sweep(shop)
        assert rung(shop)
