from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ENTRIES = ("worker.py", "stream.py", "wsgi.py", "gunicorn.conf.py", "stream.conf.py")
PRODUCT = sorted([*(ROOT / "oms").rglob("*.py"), *(ROOT / name for name in ENTRIES)])
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}
LONGEST = 400
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "XX" + "X")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_a_file_has_one_subject() -> None:
    assert not [name_of(path) for path in PRODUCT if len(path.read_text().splitlines()) > LONGEST]


def test_nothing_is_left_for_later() -> None:
    assert not [name_of(path) for path in PRODUCT if any(word in path.read_text() for word in UNFINISHED)]


def test_a_module_is_named_for_its_subject() -> None:
    assert not [
        name_of(path)
        for path in PRODUCT
        if EMPTY_NAMES.intersection(part.removesuffix(".py") for part in path.relative_to(ROOT).parts)
    ]


def test_a_module_says_what_it_is() -> None:
    assert not [name_of(path) for path in PRODUCT if path.stat().st_size and not path.read_text().startswith('"""')]
