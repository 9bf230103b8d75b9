"""Who runs web may ask gunicorn for workers of another class."""

from devstack.server import wait_until
from tests.processes.conftest import Stack
from tests.processes.programs import kill


def test_a_worker_of_another_class_that_is_killed_is_replaced(stack: Stack) -> None:
    web = stack.start_web(GUNICORN_CMD_ARGS="--worker-class gthread")
    assert wait_until(lambda: len(web.children) == 2, 30)
    killed, other = web.children
    kill(killed)
    assert wait_until(lambda: len({*web.children} - {killed, other}) == 1, 30), web.printed
    assert wait_until(stack.client.is_ready, 30)
    assert "Traceback" not in web.printed
