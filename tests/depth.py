"""How far tests that search go: `OMS_TEST_THOROUGH=1`, as CI sets it, makes them go all the way."""

import os

THOROUGH = os.environ.get("OMS_TEST_THOROUGH") == "1"


def examples(many: int) -> int:
    """`many` of them, or a third where somebody waits for the answer."""
    return many if THOROUGH else max(5, many // 3)
