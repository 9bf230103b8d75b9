"""app.json: what a Heroku-style platform reads."""

import json

from tests.deployment import files

APP = json.loads((files.ROOT / "app.json").read_text())


def test_it_starts_the_processes_of_the_procfile() -> None:
    assert set(APP["formation"]) == set(files.procfile()) - {files.RELEASE}


def test_it_sets_only_variables_that_are_known() -> None:
    assert set(APP["env"]) <= set(files.example_env())


def test_its_secret_is_made_and_not_written_down() -> None:
    assert APP["env"]["JWT_SECRET_KEY"]["generator"] == "secret"
    assert "value" not in APP["env"]["JWT_SECRET_KEY"]
