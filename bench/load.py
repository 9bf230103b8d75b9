"""Load: wrk, which costs the machine little, sending what templates say."""

import http.client
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devstack.server import StartError

SCRIPT = Path(__file__).with_name("load.lua")
NUMBER = "########"
WORD = "@@@@"
ENDLESS = 100_000_000


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of request. NUMBER in path, body and headers counts up to `pool`, then starts over; so do the `words`,
    one for each round, in the place of WORD in the body. `weight` is its share among other templates."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    pool: int = ENDLESS
    words: Sequence[str] = ()
    weight: int = 1

    @property
    def line(self) -> str:
        """As load.lua reads it."""
        headers = [f"{name}={value}" for name, value in self.headers.items()]
        told = [str(self.weight), str(self.pool), ",".join(self.words), self.method, self.path, self.body]
        return "\t".join([*told, *headers])

    @property
    def capacity(self) -> int:
        """How many of its requests do what they are meant to."""
        return self.pool * max(1, len(self.words))

    def send(self, connection: http.client.HTTPConnection, sent: int) -> http.client.HTTPResponse:
        """The request that wrk would send after `sent` others; its answer, which is read."""
        number = f"{sent % self.pool:08d}"
        word = self.words[sent // self.pool % len(self.words)] if self.words else ""
        headers = {name: value.replace(NUMBER, number) for name, value in self.headers.items()}
        body = self.body.replace(NUMBER, number).replace(WORD, word)
        connection.request(self.method, self.path.replace(NUMBER, number), body or None, headers)
        answer = connection.getresponse()
        answer.read()
        return answer


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw; times in milliseconds, `errors` are answers of 400 and above, and requests without one."""

    requests: int
    seconds: float
    p50: float
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def require_wrk() -> str:
    """Where it is. Raises StartError."""
    found = shutil.which("wrk")
    if found is None:
        raise StartError("wrk is missing, which makes the load; on Debian and Ubuntu: apt-get install wrk")
    return found


def run(port: int, templates: Sequence[Template], connections: int, seconds: int) -> Load:
    """Send for so many seconds over so many connections, each waiting for its answer. Raises StartError."""
    with tempfile.NamedTemporaryFile("w", prefix="oms-bench-", suffix=".templates") as file:
        file.write("".join(template.line + "\n" for template in templates))
        file.flush()
        options = ["-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "20s", "-s", str(SCRIPT)]
        command = [require_wrk(), *options, f"http://127.0.0.1:{port}", "--", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        told = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise StartError(f"wrk failed: {(done.stderr or done.stdout).strip()[-300:]}") from None
    seconds_taken = told["microseconds"] / 1e6
    errors = told["refused"] + told["broken"]
    return Load(told["requests"], seconds_taken, told["p50"] / 1000, told["p99"] / 1000, errors)
