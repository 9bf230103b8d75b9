"""The order management system. `create_app` is importable from here without importing the whole application."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oms.app import create_app as create_app

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "create_app":
        return import_module("oms.app").create_app
    raise AttributeError(name)
