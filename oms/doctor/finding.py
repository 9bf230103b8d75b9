"""One thing that was looked at."""

from dataclasses import dataclass
from typing import Literal

Grade = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` in a few words, `found` as it is, `advice` what to do; none is needed when all is well."""

    grade: Grade
    what: str
    found: str
    advice: str = ""


def judged(what: str, found: str, *, well: bool, advice: str, grade: Grade = "warn") -> Finding:
    """ok when `well`, else `grade` with the advice."""
    return Finding("ok", what, found) if well else Finding(grade, what, found, advice)
