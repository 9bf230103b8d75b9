"""A disk of PostgreSQL's that is really full: the tables of a database of our own lie on a small one."""

import os
import pwd
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from oms.ids import new_id
from tests.callers import exact, person
from tests.conftest import Servers
from tests.factories import rows
from tests.floor import applications
from tests.floor.databases import own_database

SMALL, LARGE = "size=24m", "size=96m"


def mount(disk: str, options: str) -> bool:
    owner = pwd.getpwnam("nobody").pw_uid
    command = ["mount", "-t", "tmpfs", "-o", f"{options},mode=700,uid={owner}", "oms", disk]
    return os.geteuid() == 0 and subprocess.run(command, check=False).returncode == 0


@pytest.fixture
def disk() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        if not mount(folder, SMALL):
            pytest.skip("only root may mount a small disk, and not everywhere")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607 - wherever the system has it


@pytest.fixture
def database(app: Flask, servers: Servers, disk: str) -> Iterator[str]:
    name = f"small_{new_id().lower()}"
    engine = create_engine(servers.postgres.url, isolation_level="AUTOCOMMIT")
    with own_database(app, servers) as url, engine.connect() as admin:
        admin.execute(text(f"CREATE TABLESPACE {name} LOCATION '{disk}'"))
        admin.execute(text(f"ALTER DATABASE {url.rpartition('/')[2]} SET TABLESPACE {name}"))
        yield url
    with engine.connect() as admin:
        admin.execute(text(f"DROP TABLESPACE {name}"))
    engine.dispose()


def test_changes_are_503_until_there_is_room_and_nothing_acknowledged_is_lost(
    app: Flask, servers: Servers, database: str, disk: str
) -> None:
    with applications.another(app, servers, DATABASE_URL=database) as made:
        customer = person(made, "customer")
        placed: list[str] = []

        def place(note: str) -> TestResponse:
            return customer.post("/orders", {"items": {"note": note}}, headers={"Idempotency-Key": note[:26]})

        note = bulky()
        while (answer := place(note)).status_code == 201 and len(placed) < 500:
            placed.append(exact(answer)["order_id"])
            note = bulky()
        assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
        assert answer.headers["Retry-After"]
        assert b"could not extend" not in answer.data
        assert b"INSERT" not in answer.data
        assert customer.get(f"/orders/{placed[0]}/journey").status_code == 200
        assert mount(disk, f"remount,{LARGE}")
        placed.append(exact(place(note))["order_id"])
        known = rows(made, "SELECT order_id FROM orders WHERE customer_id = :id ORDER BY order_id", id=customer.id)
        assert [row.order_id for row in known] == sorted(placed)


def bulky() -> str:
    """A text of 200 kB that no database makes smaller, and that begins like no other."""
    return new_id() + secrets.token_urlsafe(150_000)
