"""The terminal of `make run`: every process writes its lines there, with its name before each."""

import contextlib
import os
import queue
import selectors
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

NAME_WIDTH = 8
LONGEST_LINE = 1 << 20  # bytes; a longer line is broken, so that a process without line ends cannot fill our memory


class Console:
    """Reads the output of all processes in a thread of its own and writes it to standard output.

    Each process has a FIFO, which outlives it: what it wrote before it died still arrives, and its successor writes
    there too.
    """

    def __init__(self, folder: Path) -> None:
        """The FIFOs go into `folder`, which must exist."""
        self._folder = folder
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._own_ends: list[int] = []
        self._wake_reader, self._wake_writer = os.pipe()
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._new: queue.SimpleQueue[tuple[int, _Lines] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read_all, daemon=True)
        self._reader.start()

    def channel(self, name: str) -> Path:
        """The FIFO of a process; whoever opens it for writing waits until `connect`."""
        fifo = self._folder / name
        os.mkfifo(fifo, 0o600)
        return fifo

    def connect(self, name: str) -> None:
        """Begin to read the channel of `name`."""
        fifo = self._folder / name
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        # Held open by us too: a channel must not end when a process dies, for the next one will write there.
        self._own_ends.append(os.open(fifo, os.O_WRONLY))
        self.watch(reader, lambda line: self.say(name, line))

    def watch(self, descriptor: int, handle: Callable[[str], None]) -> None:
        """Call `handle` with every line that arrives at the descriptor, which is closed at its end."""
        self._new.put((descriptor, _Lines(handle)))
        os.write(self._wake_writer, b".")

    def say(self, name: str, line: str) -> None:
        """One line in the name of a process."""
        self.write(f"{name:<{NAME_WIDTH}} | {line}\n")

    def write(self, text: str) -> None:
        """Text as it is. When nobody reads our output any more, the stack is asked to stop."""
        with self._lock:
            try:
                sys.stdout.write(text)
                sys.stdout.flush()
            except BrokenPipeError:
                sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - stands in for stdout until the end
                os.kill(os.getpid(), signal.SIGTERM)

    def close(self, timeout: float) -> None:
        """Write out what the processes have left behind, for at most `timeout` seconds if one still lives."""
        for descriptor in self._own_ends:
            os.close(descriptor)
        self._new.put(None)
        os.write(self._wake_writer, b".")
        self._reader.join(timeout)

    def _read_all(self) -> None:
        closing = False
        while not closing or len(self._selector.get_map()) > 1:
            for key, _ in self._selector.select():
                if key.data:
                    self._read(key.fd, key.data)
                else:
                    closing = self._accept_new() or closing

    def _accept_new(self) -> bool:
        """Take up one new descriptor to read; True when there will be no more."""
        os.read(self._wake_reader, 1)
        new = self._new.get()
        if new is None:
            return True
        self._selector.register(new[0], selectors.EVENT_READ, new[1])
        return False

    def _read(self, descriptor: int, lines: "_Lines") -> None:
        with contextlib.suppress(BlockingIOError):
            if not lines.feed(os.read(descriptor, 1 << 16)):
                self._selector.unregister(descriptor)
                os.close(descriptor)


class _Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self, handle: Callable[[str], None]) -> None:
        self._handle = handle
        self._rest = b""

    def feed(self, data: bytes) -> bool:
        """Take bytes; no bytes are the end of the stream, and then the answer is False."""
        *complete, self._rest = (self._rest + data).split(b"\n")
        if self._rest and (not data or len(self._rest) > LONGEST_LINE):
            complete.append(self._rest)
            self._rest = b""
        for line in complete:
            self._handle(line.decode(errors="replace").rstrip("\r"))
        return bool(data)
