"""Writing down what a provider says about a payment, in a transaction of its own."""

from sqlalchemy.orm import Session

from oms.accounts.actor import system
from oms.orders import cache, captures
from oms.orders.order import Outcome, Payment
from oms.providers.provider import ProviderPayment
from oms.transactions import transaction

PROVIDER = system("payment provider")


def record(order_id: str, payment_id: str, reported: ProviderPayment) -> tuple[Outcome, Payment]:
    """Commit the news about one attempt to pay a part. Raises as `captures.record`."""

    def work(session: Session) -> tuple[Outcome, Payment]:
        outcome, payment = captures.record(session, order_id, payment_id, reported, PROVIDER)
        if outcome.applied:
            cache.announce(session, outcome.order)
        return outcome, payment

    return transaction(work)
