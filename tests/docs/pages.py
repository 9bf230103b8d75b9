"""The pages for people, and what they name."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
CONFIGURATION = ROOT / "docs/configuration.md"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for page in (ROOT / "docs").rglob("*.md") if not page.name.endswith(".template.md"))]
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def section(page: Path, heading: str) -> str:
    """The text from a second-level heading to the next."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page.read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"{page.name} has no section {heading}"
    return found[1]


def code(text: str) -> list[str]:
    """Everything in code type: blocks and inline."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return blocks + re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def links(page: Path) -> list[str]:
    outside_code = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return _LINK.findall(outside_code)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def configuration() -> dict[str, str]:
    """Every variable of the table of docs/configuration.md with its default; other names of it have none."""
    found: dict[str, str] = {}
    for row in _ROW.findall(CONFIGURATION.read_text()):
        first, *rest = (cell.strip() for cell in row.split(" | "))
        names = re.findall(r"`([A-Z][A-Z0-9_*]+)`", first)
        if names:
            default = re.match(r"`([^`]+)`", rest[0])
            found[names[0]] = default[1] if default else ""
            found.update(dict.fromkeys(names[1:], ""))
    return found
