"""What watchers see of a process that is restarted."""

from tests import factories
from tests.callers import Caller
from tests.live.conftest import Watch
from tests.processes.programs import Program


def test_told_to_stop_it_ends_every_stream_whole_and_itself(customer: Caller, watch: Watch, stream: Program) -> None:
    watchers = [watch(customer, factories.place(customer)) for _ in range(2)]
    for watcher in watchers:
        assert watcher.next().type == "order"
    stream.terminate()
    assert [watcher.rest() for watcher in watchers] == [[], []]
    assert stream.wait(20) == 0
