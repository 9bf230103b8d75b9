from flask import Flask

from oms.web import access
from oms.web.access import PUBLIC, Policy

# What anybody may call. A route that is added here is added on purpose.
PUBLIC_ROUTES = {
    "/",
    "/auth/firebase",
    "/auth/register",
    "/auth/refresh",
    "/auth/token",
    "/cancel-reasons",
    "/console/sign-in",
    "/console/static/<digest>/<name>",
    "/docs",
    "/docs/assets/<path:name>",
    "/events",
    "/events/<event_type>",
    "/health",
    "/health/live",
    "/health/page.css",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/order-statuses",
    "/payment-events/<provider>",
    "/register",
    "/return-reasons",
}


def policies(app: Flask) -> dict[str, Policy | None]:
    return {rule.rule: access.policy_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()}


def test_every_route_states_its_access_policy(app: Flask) -> None:
    assert [rule for rule, policy in policies(app).items() if policy is None] == []


def test_only_known_routes_are_public(app: Flask) -> None:
    assert {rule for rule, policy in policies(app).items() if policy is PUBLIC} - PUBLIC_ROUTES == set()


def test_no_policy_admits_nobody(app: Flask) -> None:
    for rule, policy in policies(app).items():
        assert policy is PUBLIC or (policy and (policy.kinds or policy.scope is not None)), rule
