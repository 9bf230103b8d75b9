"""create_app: settings, extensions, doors, error answers, commands, in this order."""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from dotenv import dotenv_values
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from oms import commands, live_connections, schema_version
from oms.accounts.tokens import bind_jwt
from oms.api import (
    auth,
    body_limit,
    browsers,
    docs_page,
    error_responses,
    exports,
    imports,
    invoices,
    legacy,
    live,
    openapi,
    orders,
    paths,
    payment_events,
    payments,
    probes,
    request_log,
    returns,
    vocabulary,
    webhooks,
)
from oms.config import Settings
from oms.console import binding
from oms.errors import ConfigurationError
from oms.extensions import READ_BIND, bind_redis, db, engine_options, migrate
from oms.observability import logs
from oms.providers.registry import bind_providers
from oms.web import access, rate_limits

BLUEPRINTS = (
    auth.blueprint,
    orders.blueprint,
    payments.blueprint,
    returns.blueprint,
    invoices.blueprint,
    exports.blueprint,
    imports.blueprint,
    live.blueprint,
    webhooks.blueprint,
    payment_events.blueprint,
    legacy.blueprint,
    vocabulary.blueprint,
    probes.blueprint,
)


class Oms(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing here is a coroutine, and Flask would look whether it is, seventeen times a request."""
        return func


def environment() -> dict[str, str]:
    """The process's environment over a `.env` file in the working folder."""
    stored = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**stored, **os.environ}


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; raises `ConfigurationError` when the environment is incomplete."""
    settings = settings or Settings.from_env(environment())
    logs.configure(settings.log_level)
    if settings.sentry_dsn:
        _optional("oms.error_reports").bind_error_reports(settings)
    app = Oms("oms", static_folder=None)
    paths.bind_paths(app)
    body_limit.bind_body_limit(app)
    app.config["OMS_SETTINGS"] = settings
    _bind_database(app, settings)
    bind_redis(app, settings)
    bind_jwt(app, settings)
    bind_providers(app, settings)
    if settings.trusted_proxy_hops:
        hops = settings.trusted_proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    request_log.bind_request_log(app)
    if settings.traces:
        _optional("oms.tracing").bind_tracing(app, settings)
    browsers.bind_browser_headers(app)
    access.bind_access(app, rate_limits.bind_limiter)
    error_responses.bind_error_responses(app)
    probes.bind_probes(app)
    api = openapi.bind_openapi(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    docs_page.bind_docs(app, api)
    binding.bind_console(app)
    commands.register(app)
    return app


def _optional(module: str) -> Any:
    """A module whose libraries a deployment may do without; raises `ConfigurationError` where they are wanted."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is missing: install requirements-observability.txt") from error


def _bind_database(app: Flask, settings: Settings) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    if settings.read_database_url:
        app.config["SQLALCHEMY_BINDS"] = {
            READ_BIND: {"url": settings.read_database_url, **engine_options(settings, read_only=True)}
        }
    db.init_app(app)
    with app.app_context():
        for engine in db.engines.values():
            live_connections.watch(engine)
    migrate.init_app(app, db, directory=str(schema_version.MIGRATIONS), compare_type=True)
