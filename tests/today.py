"""A time that is each test's own: one taken when a module is read is of yesterday once it was midnight."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest


def of_each_test(names: dict[str, Any]) -> Any:
    """A fixture for a module that has NOW among its `names`: `today = of_each_test(globals())`."""

    @pytest.fixture(autouse=True)
    def today() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(names, "NOW", datetime.now(UTC))
            yield

    return today
