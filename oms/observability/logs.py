"""JSON logs, one event a line: a constant event name, ids as fields, never a token, a password or an address."""

import io
import logging
import sys
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

import orjson
import structlog

SECRET_FIELDS = frozenset({"password", "token", "access_token", "refresh_token", "authorization", "api_key", "secret"})


def configure(level: str) -> None:
    """Send structlog and the standard library's loggers through one renderer to standard output."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _hide_secrets,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.BytesLoggerFactory(file=cast(BinaryIO, _standard)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(io.TextIOWrapper(cast(BinaryIO, _standard), encoding="utf-8", write_through=True))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=lambda event, **_: _dumps(event).decode()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("rq.worker", "alembic", "werkzeug", "fontTools"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # It speaks of a Redis that is away, once a request; redis_guard has said so already.
    logging.getLogger("flask-limiter").setLevel(logging.CRITICAL)


_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


def write_line(level: str, event: str, **fields: Any) -> None:
    """One line without structlog's chain of processors, for what is written at each request. No field is secret."""
    if _LEVELS[level] < logging.root.level:
        return
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    sys.stdout.buffer.write(_dumps({**fields, "event": event, "level": level, "timestamp": now}) + b"\n")
    sys.stdout.buffer.flush()


class _Standard(io.RawIOBase):
    """Standard output, or standard error, as it is when something is written, not as it was when the first logger was
    made."""

    stream = "stdout"

    def writable(self) -> bool:
        return True

    def write(self, line: Any) -> int:
        written: int = getattr(sys, self.stream).buffer.write(line)
        return written

    def flush(self) -> None:
        getattr(sys, self.stream).buffer.flush()


_standard = _Standard()


def to_standard_error(wanted: bool = True) -> None:
    """For commands whose standard output is their answer; False takes it back."""
    _standard.stream = "stderr" if wanted else "stdout"


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)


def _hide_secrets(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in SECRET_FIELDS.intersection(event):
        event[name] = "hidden"
    return event
