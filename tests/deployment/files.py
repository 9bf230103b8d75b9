"""The deployment files, read the way the tools that use them read them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from devstack.procfile import read_procfile

ROOT = Path(__file__).parent.parent.parent
RELEASE = "release"
_INTERPOLATED = re.compile(r"\$\{([A-Z_]+)(?:(:[-?])([^}]*))?\}")
_INSTRUCTION = re.compile(r"([A-Z]+)\s+(.*)", re.DOTALL)


@dataclass(frozen=True)
class Interpolation:
    """One `${NAME}` of the Compose file; `default` is None where there is none, `required` where Compose insists."""

    name: str
    default: str | None
    required: bool


def procfile() -> dict[str, str]:
    return read_procfile(ROOT / "Procfile")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def interpolations(text: str) -> list[Interpolation]:
    return [
        Interpolation(name, rest if mark == ":-" else None, mark == ":?")
        for name, mark, rest in _INTERPOLATED.findall(text)
    ]


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables filled in; KeyError for a required one that is not there."""

    def value(match: "re.Match[str]") -> str:
        name, mark, rest = match.groups()
        return variables[name] if mark == ":?" else variables.get(name) or (rest if mark == ":-" else "")

    return _INTERPOLATED.sub(value, text)


def dockerfile() -> list[tuple[str, str]]:
    """(instruction, its arguments) in order, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    found = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip():
            match = _INSTRUCTION.fullmatch(line.strip())
            assert match, f"not an instruction: {line}"
            found.append((match[1], match[2]))
    return found


def final_stage() -> list[tuple[str, str]]:
    """The instructions of the last stage, its FROM first."""
    instructions = dockerfile()
    last = max(position for position, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[last:]


def arguments(name: str) -> list[str]:
    """The arguments of every such instruction of the last stage."""
    return [found for instruction, found in final_stage() if instruction == name]


def health_check() -> list[str]:
    """The command of the image's HEALTHCHECK."""
    (found,) = arguments("HEALTHCHECK")
    command: list[str] = json.loads(found.partition("CMD ")[2])
    return command


def copied() -> list[str]:
    """What the last stage copies from the repository."""
    sources = []
    for line in arguments("COPY"):
        if not line.startswith("--from"):
            sources += line.split()[:-1]
    return sources


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out of the build; the last pattern that matches decides."""
    decision = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and _matches(path, pattern.removeprefix("!")):
            decision = not pattern.startswith("!")
    return decision


def _matches(path: str, pattern: str) -> bool:
    parts = path.split("/")
    upward = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    if pattern.startswith("**/"):
        return any(fnmatch(part, pattern[3:]) for part in parts)
    return any(fnmatch(candidate, pattern) and candidate.count("/") == pattern.count("/") for candidate in upward)


def example_env() -> dict[str, str]:
    """Every variable of .env.example with its default; commented lines too."""
    found = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len({name for name, _ in found}) == len(found), "a variable is there twice"
    return dict(found)


def gunicorn(name: str) -> str:
    """A plain setting of gunicorn.conf.py."""
    found = re.search(rf"^{name} = (.+)$", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    assert found, name
    return found[1]
