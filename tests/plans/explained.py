"""The plan of every statement that a piece of work sends, taken with its own parameters and before it runs."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from oms.extensions import db


@dataclass(frozen=True, slots=True)
class Plan:
    """`scans` are (kind, table, index, rows read) of all nodes that read a table, `rows` what they read in all."""

    statement: str
    scans: list[tuple[str, str | None, str | None, int]]

    @property
    def rows(self) -> int:
        return sum(scan[-1] for scan in self.scans)

    @property
    def tables_read_whole(self) -> set[str]:
        return {table for kind, table, _, _ in self.scans if kind == "Seq Scan" and table}


def plans_of(app: Flask, work: Callable[[Session], object]) -> list[Plan]:
    """Run `work(session)`, roll it back, and return the plan of each statement."""
    with app.app_context():
        session = db.session()
        session.info["after_commit"] = []
        try:
            with _explaining(session) as plans:
                work(session)
        finally:
            session.rollback()
    return plans


@contextmanager
def _explaining(session: Session) -> Iterator[list[Plan]]:
    plans: list[Plan] = []

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        for part in re.split(r";\s", statement):  # one message may hold several
            if part.lstrip().startswith("SET LOCAL"):
                cursor.execute(part)
            if part.lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
                cursor.execute("SAVEPOINT plan")
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {part}", parameters)
                plans.append(Plan(part, list(_scans(_document(cursor)))))
                cursor.execute("ROLLBACK TO SAVEPOINT plan")

    engine = db.engine
    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def _document(cursor: Any) -> Any:
    found = cursor.fetchone()[0]
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def _scans(node: Any) -> Iterator[tuple[str, str | None, str | None, int]]:
    kind, loops = node["Node Type"], node.get("Actual Loops", 0)
    if kind.endswith("Scan") and ("Relation Name" in node or "Index Name" in node):
        dropped = sum(node.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Index Recheck"))
        yield kind, node.get("Relation Name"), node.get("Index Name"), round((node["Actual Rows"] + dropped) * loops)
    for child in node.get("Plans", ()):
        yield from _scans(child)
