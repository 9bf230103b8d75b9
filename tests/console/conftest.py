import pytest
from flask import Flask

from tests.console.visitors import Visitor, signed_in


@pytest.fixture
def support(app: Flask) -> Visitor:
    """A member of the staff, signed in."""
    return signed_in(app, "staff")


@pytest.fixture
def chief(app: Flask) -> Visitor:
    """An admin, signed in."""
    return signed_in(app, "admin")
