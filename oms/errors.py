"""The families of failure. No HTTP here: `api.error_responses` gives each family its status."""

from collections.abc import Mapping, Sequence
from typing import Any


class OmsError(Exception):
    """Something was refused. `code` is stable and for programs, `detail` is for people.

    `extra` holds further members of the answer (JSON values only), `errors` one entry per wrong place:
    `{"pointer": "/items/0/sku", "detail": "..."}`.
    """

    code = "error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.errors = [dict(error) for error in errors]
        self.extra = extra


class Malformed(OmsError):
    """The bytes can't be read as what they claim to be."""

    code = "malformed"


class Invalid(OmsError):
    """It can be read, and breaks a rule that the sender can know."""

    code = "invalid"

    @classmethod
    def at(cls, pointer: str, detail: str, *, code: str = "invalid", **extra: Any) -> "Invalid":
        return cls(detail, code=code, errors=[{"pointer": pointer, "detail": detail}], **extra)


class Unauthenticated(OmsError):
    """Nobody, or nobody we can believe."""

    code = "unauthenticated"


class Forbidden(OmsError):
    """Known, and not allowed."""

    code = "forbidden"


class NotFound(OmsError):
    """Absent, or somebody else's: the two are not told apart."""

    code = "not_found"


class Conflict(OmsError):
    """The state of the thing forbids it now."""

    code = "conflict"


class InvalidTransition(Conflict):
    """The lifecycle table has no such step. `extra["allowed"]` lists the steps it has."""

    code = "invalid_transition"


class PreconditionFailed(OmsError):
    """`If-Match` names another version. `extra["etag"]` is the current one."""

    code = "precondition_failed"


class TooMany(OmsError):
    """A limit is used up. `extra["retry_after"]` is in seconds."""

    code = "rate_limited"


class Unavailable(OmsError):
    """A server we need is away or busy; the same request may work in a moment."""

    code = "unavailable"


class ConfigurationError(OmsError):
    """The environment is incomplete or malformed; the process must not start."""

    code = "configuration"
