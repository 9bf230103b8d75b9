"""A Kafka-protocol broker in a process of its own: `python -m devstack.kafka --port N`.

It lives in memory: what it stored is gone when it stops. On its standard input it takes `down`, `up` and
`errors <api key> <code>...`, one command a line, and answers `ok`; tests break it that way.
"""

import argparse
import contextlib
import signal
import socket
import subprocess
import sys
from pathlib import Path

from devstack.server import Server
from devstack.tether import tethered

PARTITIONS = 12
CONSUMED = ("new_order", "fulfilment-updates", "order-commands")
TOPICS = ("order-events", *CONSUMED, *(f"{topic}.dlq" for topic in CONSUMED))


class Kafka(Server):
    """The broker, with the topics of TOPICS; clients keep its address over a restart."""

    name = "kafka"

    @property
    def url(self) -> str:
        """`127.0.0.1:<port>`, for `bootstrap.servers`."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Make the data folder, which holds its log and no messages."""
        self.data_dir.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        """The broker in the foreground."""
        # Not `-m devstack.kafka`, which would need this package in the path of whoever runs the tests.
        main = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from devstack.kafka import main; main()"
        return tethered([sys.executable, "-c", main, str(Path(__file__).parent.parent), "--port", str(self.port)])

    def is_ready(self) -> bool:
        """Whether it accepts connections, which it does once its topics are there."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.5):
            return True
        return False

    def down(self) -> None:
        """Drop all clients and refuse new ones; messages stay."""
        self._tell("down")

    def up(self) -> None:
        """Let clients in again."""
        self._tell("up")

    def push_errors(self, api_key: int, *codes: int) -> None:
        """Answer the next requests of kind `api_key` (0 is Produce, 1 Fetch) with these Kafka error codes, one each."""
        self._tell(" ".join(["errors", str(api_key), *map(str, codes)]))

    def _spawn(self, log: Path) -> "subprocess.Popen[str]":
        with log.open("a") as errors:
            return subprocess.Popen(
                self.command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                text=True,
            )

    def _forget(self) -> None:
        if self._process and self._process.stdin and self._process.stdout:
            self._process.stdin.close()
            self._process.stdout.close()
        super()._forget()

    def _tell(self, command: str) -> None:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("kafka is not running")
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "ok\n":
            raise RuntimeError(f"kafka did not carry out {command!r}, see {self.data_dir / 'server.log'}")


def main() -> None:
    """Serve until a signal ends the process."""
    # Imported here, for whoever only wants to start this process needs no Kafka library.
    from devstack.mock_broker import MockBroker

    options = argparse.ArgumentParser(prog="python -m devstack.kafka", description=__doc__)
    options.add_argument("--port", type=int, required=True)
    chosen = options.parse_args()
    broker = MockBroker(chosen.port)
    for topic in TOPICS:
        broker.create_topic(topic, PARTITIONS)
    broker.listen()
    for line in sys.stdin:
        match line.split():
            case ["down"]:
                broker.down()
            case ["up"]:
                broker.up()
            case ["errors", api_key, *codes]:
                broker.push_errors(int(api_key), [int(code) for code in codes])
        print("ok", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
