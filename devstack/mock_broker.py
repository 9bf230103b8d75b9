"""librdkafka's mock cluster, through ctypes, as a broker on a port of our choice.

The library comes inside the confluent-kafka wheel. It keeps everything in memory (5 MiB or 100,000 batches a
partition, then the oldest go), knows neither TLS nor accounts, and speaks enough of the protocol for producers,
consumer groups, idempotence and transactions.
"""

import ctypes
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import confluent_kafka

from devstack.ports import is_free
from devstack.server import wait_until

PRODUCER = 0  # rd_kafka_type_t; the cluster only needs some client handle to live on
BROKER_ID = 1
REBALANCE_DELAY_MS = 100
RELEASE_SECONDS = 2
HIGHEST_FIRST_OFFSET = 2_000_000_000

_Pointer = ctypes.c_void_p
_SIGNATURES: dict[str, tuple[list[type], type | None]] = {
    "rd_kafka_conf_new": ([], _Pointer),
    "rd_kafka_new": ([ctypes.c_int, _Pointer, ctypes.c_char_p, ctypes.c_size_t], _Pointer),
    "rd_kafka_mock_cluster_new": ([_Pointer, ctypes.c_int], _Pointer),
    "rd_kafka_mock_cluster_bootstraps": ([_Pointer], ctypes.c_char_p),
    "rd_kafka_mock_topic_create": ([_Pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_int], ctypes.c_int),
    "rd_kafka_mock_partition_delete_records": (
        [_Pointer, ctypes.c_char_p, ctypes.c_int32, ctypes.c_int64],
        ctypes.c_int,
    ),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": ([_Pointer, ctypes.c_int32], ctypes.c_int),
    "rd_kafka_mock_broker_set_host_port": ([_Pointer, ctypes.c_int32, ctypes.c_char_p, ctypes.c_int], None),
    "rd_kafka_mock_broker_set_down": ([_Pointer, ctypes.c_int32], ctypes.c_int),
    "rd_kafka_mock_broker_set_up": ([_Pointer, ctypes.c_int32], ctypes.c_int),
    "rd_kafka_mock_push_request_errors_array": (
        [_Pointer, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)],
        None,
    ),
}


def _first_offset() -> int:
    """Where the logs of a broker that starts now begin: further on than any broker before it has come."""
    return int(time.time() * 20) % HIGHEST_FIRST_OFFSET


def _hollow_batch(records: int) -> bytes:
    """A record batch that claims a number of records and holds none. The mock counts offsets by the claim.

    It believes it because the attributes say "compressed".
    """
    gzip = 1
    body = struct.pack(">hiqqqhii", gzip, records - 1, 0, 0, -1, -1, -1, records)
    return struct.pack(">qiibi", 0, 9 + len(body), 0, 2, 0) + body


def _produce_request(topic: str, partitions: int, batch: bytes) -> bytes:
    """A Produce request, version 3, of one batch for every partition of the topic."""
    header = struct.pack(">hhih", 0, 3, 0, -1)
    name = topic.encode()
    body = struct.pack(f">hhiih{len(name)}si", -1, -1, 5000, 1, len(name), name, partitions)
    for partition in range(partitions):
        body += struct.pack(">ii", partition, len(batch)) + batch
    return struct.pack(">i", len(header) + len(body)) + header + body


@contextmanager
def _kept_awake(port: int) -> Iterator[None]:
    """Have the mock's thread look for requests all the time: now and then it misses one, and sleeps on for a second."""
    done = threading.Event()

    def knock() -> None:
        while not done.wait(0.005):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()

    knocking = threading.Thread(target=knock, daemon=True)
    knocking.start()
    try:
        yield
    finally:
        done.set()
        knocking.join()


def _library() -> ctypes.CDLL:
    packages = Path(confluent_kafka.__file__).parent.parent
    for pattern in ("confluent_kafka.libs/librdkafka*.so*", "confluent_kafka/.dylibs/librdkafka*.dylib"):
        for path in packages.glob(pattern):
            library = ctypes.CDLL(str(path))
            for name, (arguments, result) in _SIGNATURES.items():
                function = getattr(library, name)
                function.argtypes, function.restype = arguments, result
            return library
    raise RuntimeError("the confluent-kafka wheel of this machine has no librdkafka of its own")


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


class MockBroker:
    """One broker that listens on 127.0.0.1:`port` once `listen` is called."""

    def __init__(self, port: int) -> None:
        """Raises OSError when the port is taken, RuntimeError when the library refuses."""
        self._port = port
        self._library = _library()
        self._listener = _bound(port)
        error = ctypes.create_string_buffer(512)
        handle = self._library.rd_kafka_new(PRODUCER, self._library.rd_kafka_conf_new(), error, len(error))
        if not handle:
            raise RuntimeError(error.value.decode())
        self._cluster = self._library.rd_kafka_mock_cluster_new(handle, 1)
        own_address = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self._own_port = int(own_address.rpartition(":")[2])
        self._reserve: socket.socket | None = None
        self._library.rd_kafka_mock_broker_set_host_port(self._cluster, BROKER_ID, b"127.0.0.1", port)

    def create_topic(self, name: str, partitions: int) -> None:
        """An empty topic whose offsets go on where no earlier broker has been.

        A consumer that lived through a restart of the broker still holds offsets of the lost log. In a log that began
        at 0 again it would silently skip everything below them. Here they are out of range, so that it starts over.
        """
        self._check(self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1))
        first_offset = _first_offset()
        with socket.create_connection(("127.0.0.1", self._own_port), timeout=5) as connection:
            connection.sendall(_produce_request(name, partitions, _hollow_batch(first_offset)))
            connection.recv(4)  # an answer means that the batches are in the log
        delete_records = self._library.rd_kafka_mock_partition_delete_records
        with _kept_awake(self._own_port):
            for partition in range(partitions):
                self._check(delete_records(self._cluster, name.encode(), partition, first_offset))

    def listen(self) -> None:
        """Accept clients on the chosen port.

        The mock listens on a random port and offers no other. So its listening socket is replaced, under the same file
        descriptor, by one that is bound to the port we want.
        """
        self._listener.listen()
        os.dup2(self._listener.fileno(), self._descriptor_of_listener())
        self._listener.close()
        # Any request wakes the mock's thread, which then polls the new socket.
        self._check(self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, REBALANCE_DELAY_MS))
        # The mock wants its own port back when it comes up again, and ends the process if somebody else has it by then.
        self._keeping = threading.Thread(target=self._keep_own_port, daemon=True)
        self._keeping.start()

    def _keep_own_port(self) -> None:
        # The mock lets go of it when its thread looks for requests the next time, after up to a second.
        if wait_until(lambda: is_free(self._own_port), RELEASE_SECONDS):
            self._reserve = _bound(self._own_port)

    def down(self) -> None:
        """Drop every connection and refuse new ones; what is stored stays."""
        self._check(self._library.rd_kafka_mock_broker_set_down(self._cluster, BROKER_ID))

    def up(self) -> None:
        """Accept clients again after `down`."""
        self._listener = _bound(self._port)
        self._keeping.join()
        if self._reserve:
            self._reserve.close()
        self._check(self._library.rd_kafka_mock_broker_set_up(self._cluster, BROKER_ID))
        self.listen()

    def push_errors(self, api_key: int, codes: list[int]) -> None:
        """Answer the next requests of kind `api_key` (0 is Produce) with these Kafka error codes, one each."""
        errors = (ctypes.c_int * len(codes))(*codes)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, api_key, len(codes), errors)

    def _descriptor_of_listener(self) -> int:
        for descriptor in [int(path.name) for path in Path("/dev/fd").iterdir()]:
            try:
                with socket.socket(fileno=os.dup(descriptor)) as candidate:
                    if candidate.getsockname() == ("127.0.0.1", self._own_port):
                        return descriptor
            except OSError:
                continue  # not a socket
        raise RuntimeError("the mock broker has no listening socket")

    @staticmethod
    def _check(code: int) -> None:
        if code:
            raise RuntimeError(f"the mock broker answered with error {code}")
