"""The one place where a family of failure gets its HTTP status."""

from oms import errors

STATUS: dict[type[errors.OmsError], int] = {
    errors.Malformed: 400,
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


def status_of(error: errors.OmsError) -> int:
    """500 for a family without a status."""
    return next((STATUS[family] for family in type(error).__mro__ if family in STATUS), 500)
