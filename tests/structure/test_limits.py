"""The limit that is counted without asking Flask-Limiter is the one Flask-Limiter would have found."""

import pytest
from flask import Flask
from flask_limiter.util import get_qualified_name

from oms.web.rate_limits import limiter, only_limit


def resolved(app: Flask, endpoint: str) -> list[str]:
    name = get_qualified_name(app.view_functions[endpoint])
    defaults, decorated = limiter.limit_manager.resolve_limits(
        app, endpoint, endpoint.rpartition(".")[0] or None, name, True, name in limiter._marked_for_limiting
    )
    return [str(limit.limit) for limit in (*defaults, *decorated)]


def test_every_route_is_counted_as_the_library_would(app: Flask) -> None:
    with app.test_request_context():
        found = {endpoint: only_limit(view) for endpoint, view in app.view_functions.items()}
        plain = {endpoint: [str(limit)] for endpoint, limit in found.items() if limit is not None}
        assert plain == {endpoint: resolved(app, endpoint) for endpoint in plain}
        others = {endpoint: resolved(app, endpoint) for endpoint, limit in found.items() if limit is None}
    assert len(plain) > 30
    assert {endpoint for endpoint, limits in others.items() if len(limits) == 1} == set()


@pytest.mark.parametrize("endpoint", ["accounts.token", "probes.health", "no.such.endpoint"])
def test_what_has_other_limits_or_none_is_left_to_the_library(app: Flask, endpoint: str) -> None:
    with app.test_request_context():
        assert only_limit(app.view_functions.get(endpoint)) is None
