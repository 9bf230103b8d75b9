"""supervisord, with an eye on its processes ten times a second, not once: `python -m devstack.quick_supervisord`.

What died is then started again within 0.2 s, and starting and stopping all take some seconds less.
"""

from supervisor import poller, supervisord

INTERVAL_SECONDS = 0.1

_wait = poller.Poller.poll


def _wait_less(self: poller.Poller, timeout: float) -> object:
    return _wait(self, min(timeout, INTERVAL_SECONDS))


if __name__ == "__main__":
    poller.Poller.poll = _wait_less
    supervisord.main()
