"""Charts as numbers: where bars and lines are in a square of 100 by 100, whose top left corner is the origin.

Pages draw them as SVG that is stretched to its place, with the text beside it in HTML.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_ROOM = 0.8  # of a bar's place; the rest lies between bars


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `note` is what it stands for, in words."""

    x: float
    y: float
    width: float
    height: float
    note: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`scale` has the values at the top, the middle and the bottom; `zero` is how far down zero is. `lines` are points
    of a polyline each."""

    bars: Sequence[Bar]
    lines: Sequence[str]
    scale: tuple[float, float, float]
    zero: float


def chart(
    values: Sequence[float | None], notes: Sequence[str], compared: Sequence[float | None] | None = None
) -> Chart:
    """A bar for each value and a line through what it is compared with; None leaves a gap."""
    known = [value for value in (*values, *(compared or ())) if value is not None]
    top, bottom = _round_up(max([*known, 0])), -_round_up(-min([*known, 0]))
    if top == bottom:
        top = 4
    place, span = 100 / max(1, len(values)), top - bottom

    def down(value: float) -> float:
        return round(100 * (top - value) / span, 2)

    bars = []
    for position, (value, note) in enumerate(zip(values, notes, strict=True)):
        if value is not None:
            upper, lower = down(max(value, 0)), down(min(value, 0))
            x = round((position + (1 - _ROOM) / 2) * place, 3)
            bars.append(Bar(x, upper, round(_ROOM * place, 3), round(lower - upper, 2), note))
    lines = _lines([None if value is None else down(value) for value in compared or ()], place)
    return Chart(bars, lines, (top, (top + bottom) / 2, bottom), down(0))


def _lines(heights: Sequence[float | None], place: float) -> list[str]:
    """One for each run of points without a gap."""
    runs: list[list[str]] = [[]]
    for position, height in enumerate(heights):
        if height is None:
            runs.append([])
        else:
            runs[-1].append(f"{round((position + 0.5) * place, 3)},{height}")
    return [" ".join(run) for run in runs if len(run) > 1]


def _round_up(value: float) -> float:
    """To 1, 2, 4, 6 or 8 of a power of ten, so that its half is as round."""
    if value <= 0:
        return 0
    power = 1.0
    while power * 10 < value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * step for step in (1, 2, 4, 6, 8, 10) if power * step >= value)
