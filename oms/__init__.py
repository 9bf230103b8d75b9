"""The order management system. `create_app` is importable from here without importing the whole application."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oms.app import create_app as create_app

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from oms.app import create_app

        return create_app
    raise AttributeError(name)
