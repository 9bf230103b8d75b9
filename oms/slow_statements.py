"""Statements that took long, in the log: their text without parameters, beside the ids of whose work they were."""

from typing import Any

import structlog

MOST_CHARACTERS = 1000
_log = structlog.get_logger(__name__)


def tell(statement: Any, seconds: float) -> None:
    """`statement` is what the driver was given, with its placeholders, or the name of what ended a transaction.

    Request, message, job and trace are added from the context of the log.
    """
    text = statement.decode() if isinstance(statement, bytes) else str(statement)
    _log.warning("slow_query", ms=round(seconds * 1000, 1), statement=" ".join(text.split())[:MOST_CHARACTERS])
