"""The console as a part of the application. Each module of `PAGES` brings pages of its own."""

from flask import Flask
from jinja2 import StrictUndefined

from oms.console import (
    bulk_moves,
    error_pages,
    filter_shelf,
    home,
    imports,
    operations,
    order_events,
    order_list,
    order_money,
    order_moves,
    order_page,
    order_returns,
    signing_in,
)
from oms.console.blueprint import blueprint
from oms.console.pages import FOR_TEMPLATES

PAGES = (
    signing_in,
    home,
    order_list,
    bulk_moves,
    filter_shelf,
    order_page,
    order_events,
    order_moves,
    order_money,
    order_returns,
    imports,
    *operations.PAGES,
    error_pages,
)


def bind_console(app: Flask) -> None:
    """Register the pages; a name that a template misspells is an error and no empty text."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(FOR_TEMPLATES, event_types=order_events.event_types)
    app.register_blueprint(blueprint)
