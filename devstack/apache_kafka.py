"""Apache Kafka, one node in KRaft mode, for `make test-kafka`, which fetches what ops/kafka/pom.xml names."""

import secrets
import shutil
import socket
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ClusterMetadata, OffsetSpec

from devstack.ports import free_port
from devstack.server import Server, StartError, wait_until
from devstack.tether import tethered

FOLDER = Path(__file__).parent.parent / "ops/kafka"
ARCHIVES = FOLDER / "target/lib"
# Started quickly rather than made for a long life.
JAVA_OPTIONS = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
LOGGING = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")
FORMAT_SECONDS = 60
START_SECONDS = 60


class ApacheKafka(Server):
    """A broker that keeps its messages over a restart. It starts without topics, and makes none by itself."""

    name = "apache kafka"

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        *,
        properties: Mapping[str, str] | None = None,
        client_options: Mapping[str, str] | None = None,
    ) -> None:
        """`properties` go before those of ops/kafka/server.properties; `client_options` are what librdkafka needs to
        get in."""
        super().__init__(data_dir, port)
        self.client_options = dict(client_options or {})
        self._own = dict(properties or {})
        self._controller_port = free_port()
        self._configuration = self.data_dir / "server.properties"

    @property
    def url(self) -> str:
        """`127.0.0.1:<port>`, for `bootstrap.servers`."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Write the configuration, and format the storage when there is none. Raises StartError."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not self._configuration.exists():
            properties = {**_properties(FOLDER / "server.properties"), **self._places(), **self._own}
            self._configuration.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        if not (self.data_dir / "messages/meta.properties").exists():
            self._format()

    def command(self) -> list[str]:
        """Broker and controller in the foreground."""
        return tethered([*_java("kafka.Kafka"), str(self._configuration)])

    def is_ready(self) -> bool:
        """Whether it answers, and has opened every partition it leads."""
        with suppress(OSError, KafkaException), socket.create_connection(("127.0.0.1", self.port), timeout=0.5):
            options: dict[str, str | int | float | bool] = {
                "bootstrap.servers": self.url,
                "log_level": "0",
                **self.client_options,
            }
            admin = AdminClient(options)
            known = admin.list_topics(timeout=1)
            end: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the library's
            ends = dict.fromkeys(_partitions(known), end)
            asked = admin.list_offsets(ends, request_timeout=5) if ends else {}
            return bool(known.brokers) and all(answer.result() for answer in asked.values())
        return False

    def start(self, timeout: float = START_SECONDS) -> Self:
        """Start and wait until it answers. Raises StartError."""
        return super().start(timeout)

    def down(self) -> None:
        """kill -9; messages stay, and so does whoever knows its address."""
        self.kill()

    def up(self) -> None:
        """Start again after `down`, or wait until it has found itself again after `pause`."""
        if self._process is None:
            self.start()
        elif not wait_until(self.is_ready, START_SECONDS):
            raise StartError(f"{self.name} does not answer: {self._last_log_line()}")

    def _last_log_line(self) -> str:
        """Where it says what went wrong, for it goes on for a while after that."""
        causes = [line for line in (self.data_dir / "server.log").read_text().splitlines() if "Exception: " in line]
        return causes[-1] if causes else super()._last_log_line()

    def _places(self) -> dict[str, str]:
        return {
            "listeners": f"CLIENT://{self.url},CONTROLLER://127.0.0.1:{self._controller_port}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "log.dirs": str(self.data_dir / "messages"),
        }

    def _format(self) -> None:
        cluster = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        # An argument must not look like an option.
        arguments = ["format", f"--cluster-id={cluster}", "--config", str(self._configuration)]
        done = subprocess.run(
            tethered([*_java("kafka.tools.StorageTool"), *arguments]),
            capture_output=True,
            text=True,
            timeout=FORMAT_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            lines = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
            raise StartError(f"{self.name} could not format its storage: {lines[-1]}")


def _java(main: str) -> list[str]:
    java = shutil.which("java")
    if java is None or not ARCHIVES.is_dir():
        raise StartError("Apache Kafka needs Java 17 and what `make test-kafka` fetches with Maven")
    return [java, *JAVA_OPTIONS, *LOGGING, "-cp", f"{ARCHIVES}/*", main]


def _partitions(known: ClusterMetadata) -> list[TopicPartition]:
    return [TopicPartition(name, number) for name, topic in known.topics.items() for number in topic.partitions]


def _properties(path: Path) -> dict[str, str]:
    lines = [line.strip() for line in path.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}
