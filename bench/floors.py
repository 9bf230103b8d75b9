"""Getting the floors ready: the product's statements, the process that serves their routes, pgbench."""

import json
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bench.product_sql import CREATE, LIST, STAND_IN, Statement, overheard
from bench.shop import JSON, PAGE, Shop, example
from devstack import postgres
from devstack.server import StartError

ROUTES, UNGUARDED = "bench.floor_routes", "bench.unguarded"
_TYPES: dict[type, str] = {datetime: "timestamptz", Decimal: "numeric", int: "integer"}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_FIRST_NUMBER = 10_000_000  # ids of one length
_ORDER_ID = "concat_ws('-', CAST(:label AS text), CAST(:client_id AS text), CAST(:number AS text))"


def open_floors(shop: Shop) -> Statement:
    """Overhear the product, and serve the bare routes; returns the creating statement.

    Raises LookupError where the product runs no such statement.
    """
    client, body = shop.app.test_client(), example(STAND_IN)
    creating = overheard(
        shop.app,
        lambda: _served(client.post("/orders", data=json.dumps(body), headers={**shop.staff, **JSON})),
        having="INTO orders",
    )
    listing = overheard(
        shop.app,
        lambda: _served(client.get(f"/orders?limit={PAGE}", headers=shop.staff)),
        having="FROM orders",
    )
    folder = shop.stack.folder
    (folder / CREATE).write_text(creating.sent)
    (folder / LIST).write_text(listing.sent)
    variables = {"FLOORS_FOLDER": str(folder), "FLOORS_DATABASE_URL": shop.stack.floors_url}
    shop.stack.serve(ROUTES, variables)
    shop.stack.serve(UNGUARDED, {})
    return creating


def _served(answer: Any) -> None:
    if answer.status_code >= 300:
        raise StartError(f"the product answered {answer.status_code}: {answer.data[:300]!r}")


@dataclass(frozen=True, slots=True)
class Pgbench:
    """Floor W: the creating statement alone, prepared. It needs neither Python nor HTTP."""

    name: str = "W"
    title: str = "floor W: pgbench, the creating SQL, prepared"
    clients: tuple[int, ...] = (8, 16)

    @property
    def program(self) -> Path:
        """It comes in the wheel that PostgreSQL comes in, for most machines."""
        return postgres.program("pgbench")


PGBENCH = Pgbench()


def run_pgbench(shop: Shop, creating: Statement, clients: int, seconds: int) -> float:
    """Transactions a second. Raises StartError."""
    script = shop.stack.folder / "pgbench.sql"
    text, variables = pgbench_script(creating, shop.label())
    script.write_text(text)
    address = urlsplit(shop.stack.floors_url)
    definitions = [f"--define={name}={value}" for name, value in variables.items()]
    options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", str(script)]
    where = ["-h", "127.0.0.1", "-p", str(address.port), "-U", str(address.username), address.path[1:]]
    done = subprocess.run(
        [str(PGBENCH.program), *options, *definitions, *where],
        env={"PGPASSWORD": unquote(address.password or "")},
        capture_output=True,
        text=True,
        check=False,
    )
    rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or rate is None:
        raise StartError(f"pgbench failed: {done.stderr.strip()[-400:]}")
    return float(rate[1])


def pgbench_script(creating: Statement, label: str) -> tuple[str, dict[str, Any]]:
    """The statement in pgbench's terms, and the values of its variables. Each transaction makes an order of its own."""
    values = {name: value for name, value in creating.parameters.items() if value is not None}
    variables = {name: value for name, value in values.items() if value != STAND_IN}

    def placed(match: re.Match[str]) -> str:
        name = match[1]
        value = values.get(name)
        if value is None:
            return "NULL"
        if value == STAND_IN:
            return _ORDER_ID
        if isinstance(value, str) and STAND_IN in value:
            return f"replace(CAST(:{name} AS text), '{STAND_IN}', {_ORDER_ID})"
        kind = _TYPES.get(type(value))
        return f"CAST(:{name} AS {kind})" if kind else f":{name}"

    text = _PLACEHOLDER.sub(placed, creating.text).replace("%%", "%")
    variables |= {"label": label, "number": _FIRST_NUMBER}
    one_line = " ".join(text.split())
    return f"\\set number :number + 1\n{one_line};\n", variables
