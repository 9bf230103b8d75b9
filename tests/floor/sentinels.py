"""A leading Redis, one that follows it, and three sentinels that put the second in the place of the first."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from devstack.server import wait_until
from devstack.valkey import Valkey

SERVICE = "orders"


class Follower(Valkey):
    """Copies `leader`, until it is told to lead itself."""

    def __init__(self, data_dir: Path, leader: Valkey) -> None:
        super().__init__(data_dir)
        self._leader = leader

    def command(self) -> list[str]:
        return [*super().command(), "--replicaof", f"127.0.0.1 {self._leader.port}"]


class Sentinel(Valkey):
    """One of three; two have to agree."""

    name = "sentinel"

    def __init__(self, data_dir: Path, leader: Valkey) -> None:
        super().__init__(data_dir)
        self._leader = leader

    def prepare(self) -> None:
        super().prepare()
        (self.data_dir / "sentinel.conf").write_text(f"""
port {self.port}
bind 127.0.0.1
dir {self.data_dir}
sentinel monitor {SERVICE} 127.0.0.1 {self._leader.port} 2
sentinel down-after-milliseconds {SERVICE} 1000
sentinel failover-timeout {SERVICE} 4000
""")

    def command(self) -> list[str]:
        plain = super().command()
        program = plain[: plain.index("--bind")]
        return [*program, str(self.data_dir / "sentinel.conf"), "--sentinel"]

    def knows_the_others(self) -> bool:
        with redis.Redis(port=self.port) as client:
            known = client.sentinel_masters()[SERVICE]
            return bool((known["num-slaves"], known["num-other-sentinels"]) == (1, 2))


@dataclass(frozen=True, slots=True)
class Sentinels:
    leader: Valkey
    follower: Valkey
    sentinels: list[Sentinel]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{SERVICE}/0"

    def follower_leads(self) -> bool:
        with redis.Redis(port=self.follower.port) as client:
            return bool(client.role()[0] == b"master")


@contextmanager
def sentinels(folder: Path) -> Iterator[Sentinels]:
    """All of them, each knowing the others."""
    with ExitStack() as stack:
        leader = stack.enter_context(Valkey(folder / "leader"))
        follower = stack.enter_context(Follower(folder / "follower", leader))
        watching = [stack.enter_context(Sentinel(folder / f"sentinel-{n}", leader)) for n in range(3)]
        assert wait_until(lambda: all(sentinel.knows_the_others() for sentinel in watching), 30)
        yield Sentinels(leader, follower, watching)
