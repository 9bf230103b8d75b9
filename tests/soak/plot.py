"""A soak as a picture: one small curve for each quantity, over the same time."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.soak.series import QUANTITIES, Quantity, Sample

WIDTH, HEIGHT, COLUMNS = 260, 90, 4
LEFT, TOP = 10, 28


def svg(times: Sequence[float], samples: Sequence[Sample], begins: float) -> str:
    """`times` in seconds since the start; what comes before `begins` is warming up, and shaded."""
    rows = -(-len(QUANTITIES) // COLUMNS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{COLUMNS * WIDTH}" height="{rows * (HEIGHT + TOP + 12)}"'
        ' font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for place, quantity in enumerate(QUANTITIES):
        row, column = divmod(place, COLUMNS)
        inner = _panel(quantity, times, [sample[quantity.name] for sample in samples], begins)
        parts.append(f'<g transform="translate({column * WIDTH},{row * (HEIGHT + TOP + 12)})">{inner}</g>')
    return "\n".join([*parts, "</svg>\n"])


def _panel(quantity: Quantity, times: Sequence[float], values: Sequence[float], begins: float) -> str:
    width = WIDTH - 2 * LEFT
    top, end = max([*values, 1e-9]), times[-1] or 1.0
    points = " ".join(
        f"{LEFT + width * at / end:.1f},{TOP + HEIGHT * (1 - value / top):.1f}"
        for at, value in zip(times, values, strict=True)
    )
    title = escape(f"{quantity.name}, up to {top:.4g} {quantity.unit}".strip())
    return (
        f'<text x="{LEFT}" y="{TOP - 8}">{title}</text>'
        f'<rect x="{LEFT}" y="{TOP}" width="{width * begins / end:.1f}" height="{HEIGHT}" fill="#eee"/>'
        f'<path d="M{LEFT},{TOP + HEIGHT}h{width}" stroke="#999"/>'
        f'<polyline points="{points}" fill="none" stroke="#06c"/>'
    )
