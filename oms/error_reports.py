"""Errors to Sentry, or to whatever speaks its protocol: type, stack and ids. Loaded only where SENTRY_DSN is set.

What our own log tells with an exception, or as an error, is reported, and what the libraries' loggers say is an error.
Texts of exceptions stay here: a driver's has the values of a row in it. The log has them, under the same ids.
"""

import logging
import sys
from typing import TYPE_CHECKING, Any

import sentry_sdk
import structlog
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration

from oms import __version__
from oms.config import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# What of a line of the log goes along: ids and names of ours, never a text somebody wrote.
_TAGS = frozenset(
    {"request_id", "traceparent", "event_id", "job", "job_id", "order_id", "refund_id", "topic", "partition", "offset"}
)
_KEPT = ("event_id", "timestamp", "platform", "level", "release", "environment", "server_name", "sdk", "tags", "logger")
_ERROR = ("error", "critical")


def bind_error_reports(settings: Settings) -> None:
    """Report this process's errors; call it when the log has been configured."""
    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        release=f"oms@{__version__}",
        environment=settings.sentry_environment,
        before_send=_without_people,
        send_default_pii=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(callback=lambda *_: None),
            DedupeIntegration(),
            ExcepthookIntegration(),
            LoggingIntegration(level=None, event_level=logging.ERROR),
            ThreadingIntegration(),
        ],
    )
    processors = structlog.get_config()["processors"]
    # Behind what adds level and ids, before what turns an exception into text.
    at = processors.index(structlog.processors.format_exc_info)
    structlog.configure(processors=[*processors[:at], _report, *processors[at:]])


def _report(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    cause = _exception(line.get("exc_info"))
    if cause is None and line.get("level") not in _ERROR:
        return line
    with sentry_sdk.new_scope() as scope:
        for name in _TAGS.intersection(line):
            scope.set_tag(name, str(line[name]))
        scope.set_tag("log_event", str(line["event"]))
        if cause is None:
            sentry_sdk.capture_message(str(line["event"]), level="error", scope=scope)
        else:
            sentry_sdk.capture_exception(cause, scope=scope)
    return line


def _exception(given: Any) -> BaseException | None:
    """The exception a line was logged with, in any of the ways to say so."""
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if len(given) > 1 and isinstance(given[1], BaseException) else None
    return sys.exc_info()[1] if given else None


def _without_people(event: "Event", _: "Hint") -> "Event":
    """Only what is known to be harmless: an event's other parts are dropped, and the texts of its exceptions."""
    kept: Any = {name: value for name, value in event.items() if name in _KEPT}
    if found := event.get("exception"):
        kept["exception"] = {"values": [_textless(dict(one)) for one in found.get("values", [])]}
    elif "logentry" in event:  # the constant part of a line, without what is put into it
        entry: Any = event["logentry"]
        kept["logentry"] = {"message": entry.get("message", "")}
    elif "message" in event:
        kept["message"] = event["message"]
    return kept  # type: ignore[no-any-return]


def _textless(exception: dict[str, Any]) -> dict[str, Any]:
    exception["value"] = "The log has the text, under the same ids."
    return exception
