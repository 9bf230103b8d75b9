"""Sets text on A4 pages and makes a PDF of them: measuring, wrapping, breaking over pages. Knows nothing of orders.

Lengths are millimetres from the top left corner, sizes of type are points. Whatever the text is, nothing here raises:
what the font lacks becomes U+FFFD, and a word wider than its place is cut.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

HEIGHT, WIDTH = 297.0, 210.0
MARGIN = 18.0
RIGHT = WIDTH - MARGIN
BOTTOM = HEIGHT - 24.0
BLACK, GREY, PALE = 25, 105, 200
FONTS = Path(__file__).parent / "fonts"
_POINT = 25.4 / 72
_LEADING = 1.35
# A text set into a column of its own width has to fit, whatever the floats say.
_TOLERANCE = 0.001
# From the top of a line to its base line, in leadings.
_ASCENT = 0.75
_FAMILY = "DejaVu Sans"
_REPLACEMENT = "\ufffd"
# They are not seen, and some turn the reading order of what follows: a name must not rearrange the figures beside it.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(frozen=True, slots=True)
class Style:
    """Size in points; grey from 0 (black) to 255 (white)."""

    size: float = 8.5
    bold: bool = False
    grey: int = BLACK

    @property
    def leading(self) -> float:
        """From one base line to the next."""
        return self.size * _POINT * _LEADING


@dataclass(frozen=True, slots=True)
class Column:
    """Where the text of a table's column stands: from `left` to `left + width`."""

    left: float
    width: float
    to_the_right: bool = False


Cell = tuple[Column, Sequence[tuple[str, Style]]]


@dataclass(frozen=True, slots=True)
class Written:
    """One line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Ruled:
    """One horizontal hairline."""

    x: float
    y: float
    width: float
    grey: int


@dataclass
class Page:
    texts: list[Written] = field(default_factory=list)
    rules: list[Ruled] = field(default_factory=list)


class Paper:
    """Pages in the making, and the place `y` on the last one where the next thing goes.

    They stay in memory until `finish`, because only then is it known how many there are.
    """

    def __init__(self) -> None:
        # Here and not above: the import takes near half a second, and of all processes only who makes PDFs needs it.
        from fpdf import FPDF

        self._pdf = FPDF(format="A4")
        # Or fpdf would put the number of pages wherever somebody's name holds "{nb}".
        self._pdf.alias_nb_pages(None)  # type: ignore[arg-type]
        self._pdf.set_auto_page_break(False)
        self._pdf.c_margin = 0
        self._widths = {bold: self._load(bold) for bold in (False, True)}
        self._head: Callable[[], None] | None = None
        self.pages = [Page()]
        self.y = MARGIN

    def line(self, cells: Sequence[tuple[Column, str, Style]]) -> None:
        """Single lines side by side, cut where their columns end. It never turns the page."""
        height = max(style.leading for _, _, style in cells)
        for column, text, style in cells:
            shown = self._cut(self._shown(text, style), column.width, style)
            self._write(column, self.y + height * _ASCENT, shown, style)
        self.y += height

    def row(self, cells: Sequence[Cell]) -> None:
        """Cells side by side, their texts wrapped. A row stays on one page unless it's higher than a page."""
        waiting = [(column, deque(self._set(column, texts))) for column, texts in cells]
        height = max(sum(style.leading for _, style in lines) for _, lines in waiting)
        if height < BOTTOM - 3 * MARGIN:
            self.need(height)
        while any(lines for _, lines in waiting):
            self.need(max(lines[0][1].leading for _, lines in waiting if lines))
            top = self.y
            self.y = max(self._fill(column, lines, top) for column, lines in waiting)

    def rule(self, column: Column, grey: int = PALE) -> None:
        self.pages[-1].rules.append(Ruled(column.left, self.y, column.width, grey))

    def space(self, height: float) -> None:
        self.y += height

    def need(self, height: float) -> None:
        """Turns the page unless `height` is left on it."""
        if self.y + height > BOTTOM and self.y > MARGIN:
            self.turn()

    def turn(self) -> None:
        self.pages.append(Page())
        self.y = MARGIN
        if self._head is not None:
            self._head()

    def repeat(self, head: Callable[[], None] | None) -> None:
        """Draws `head` on top of every page from here on; None ends that."""
        self._head = head

    def width(self, text: str, style: Style) -> float:
        return self._measured(self._shown(text, style), style)

    def finish(self, title: str, created_at: datetime, foot: str) -> bytes:
        """The PDF. `foot` stands below every page, beside "Page x of y"; the same input gives the same bytes."""
        self._pdf.set_title(self._shown(title, Style()))
        self._pdf.set_creation_date(created_at)
        for number, page in enumerate(self.pages, 1):
            self._foot(page, foot, f"Page {number} of {len(self.pages)}")
            self._pdf.add_page()
            for rule in page.rules:
                self._pdf.set_draw_color(rule.grey)
                self._pdf.set_line_width(0.2)
                self._pdf.line(rule.x, rule.y, rule.x + rule.width, rule.y)
            for written in page.texts:
                self._draw(written)
        return bytes(self._pdf.output())

    def _load(self, bold: bool) -> dict[str, float]:
        """Reads a font. Returns the width of each of its characters in thousandths of the size."""
        style = "B" if bold else ""
        self._pdf.add_font(_FAMILY, style, FONTS / f"DejaVuSans{'-Bold' if bold else ''}.ttf")
        font = self._pdf.fonts[_FAMILY.lower() + style]
        return {chr(code): font.cw[code] for code in font.cmap}  # type: ignore[union-attr, index]

    def _shown(self, text: str, style: Style) -> str:
        """The text as the font can show it: composed, with white space of one kind."""
        known = self._widths[style.bold]
        composed = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
        return "".join(
            " " if character.isspace() else character if character in known else _REPLACEMENT for character in composed
        )

    def _set(self, column: Column, texts: Sequence[tuple[str, Style]]) -> Iterator[tuple[str, Style]]:
        """Lines no wider than the column; a line break in a text stays one, a word that is wider is broken anywhere."""
        for text, style in texts:
            for paragraph in text.splitlines():
                for line in self._lines(self._shown(paragraph, style).split(), column.width, style):
                    yield line, style

    def _measured(self, shown: str, style: Style) -> float:
        return sum(map(self._widths[style.bold].__getitem__, shown)) * style.size * _POINT / 1000

    def _lines(self, words: Sequence[str], width: float, style: Style) -> Iterator[str]:
        line = ""
        for word in words:
            longer = f"{line} {word}" if line else word
            if self._measured(longer, style) <= width + _TOLERANCE:
                line = longer
                continue
            if line:
                yield line
            *full, line = self._pieces(word, width, style)
            yield from full
        if line:
            yield line

    def _pieces(self, word: str, width: float, style: Style) -> Iterator[str]:
        """The word in parts of at most `width`, each at least one character. Linear in the length of the word."""
        widths, start, used = self._widths[style.bold], 0, 0.0
        most = (width + _TOLERANCE) * 1000 / (style.size * _POINT)
        for position, character in enumerate(word):
            used += widths[character]
            if used > most and position > start:
                yield word[start:position]
                start, used = position, widths[character]
        yield word[start:]

    def _cut(self, shown: str, width: float, style: Style) -> str:
        if self._measured(shown, style) <= width + _TOLERANCE:
            return shown
        return next(self._pieces(shown, width - self._measured("…", style), style)) + "…"

    def _write(self, column: Column, y: float, text: str, style: Style) -> None:
        x = column.left + (column.width - self._measured(text, style) if column.to_the_right else 0)
        self.pages[-1].texts.append(Written(x, y, text, style))

    def _fill(self, column: Column, lines: deque[tuple[str, Style]], y: float) -> float:
        """Writes what fits on this page, takes it off `lines`, and says how far down it came."""
        while lines and y + lines[0][1].leading <= BOTTOM:
            text, style = lines.popleft()
            self._write(column, y + style.leading * _ASCENT, text, style)
            y += style.leading
        return y

    def _foot(self, page: Page, foot: str, count: str) -> None:
        style, y = Style(7, grey=GREY), HEIGHT - 12
        space = self._measured(count, style)
        left = self._cut(self._shown(foot, style), RIGHT - MARGIN - space - 6, style)
        page.rules.append(Ruled(MARGIN, y - 4.5, RIGHT - MARGIN, PALE))
        page.texts += [Written(MARGIN, y, left, style), Written(RIGHT - space, y, count, style)]

    def _draw(self, written: Written) -> None:
        self._pdf.set_font(_FAMILY, "B" if written.style.bold else "", written.style.size)
        self._pdf.set_text_color(written.style.grey)
        if not _RIGHT_TO_LEFT.search(written.text):
            self._pdf.text(written.x, written.y, written.text)
            return
        # Hebrew and Arabic are unreadable without reordering and joining; it's slower, so the others go without.
        self._pdf.set_text_shaping(True)
        self._pdf.set_xy(written.x, written.y - written.style.leading * _ASCENT)
        self._pdf.cell(0, written.style.leading, written.text)
        self._pdf.set_text_shaping(False)
