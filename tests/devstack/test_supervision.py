"""The supervisor's configuration, and what is said about processes that die."""

import configparser
import signal
from pathlib import Path

from devstack.supervision import APPLICATION, SERVERS, DeathNotices, Program, configuration


def parsed(*programs: Program) -> configparser.RawConfigParser:
    config = configparser.RawConfigParser()
    config.read_string(configuration(programs, Path("/data/100%"), Path("/repo")))
    return config


def test_servers_start_before_the_application_and_stop_after_it() -> None:
    config = parsed(Program("redis", SERVERS, ["r"]), Program("web", APPLICATION, ["w"]), Program("x", APPLICATION, []))
    assert config["group:application"]["programs"] == "web,x"
    assert config["group:servers"]["programs"] == "redis"
    assert int(config["group:servers"]["priority"]) < int(config["group:application"]["priority"])


def test_commands_arrive_as_they_are_with_blanks_and_percent_signs() -> None:
    section = parsed(Program("web", APPLICATION, ["sh", "-c", "date +%s"], signal.SIGINT))["program:web"]
    assert section["command"] == "sh -c 'date +%%s'"
    assert (section["stopsignal"], section["autorestart"]) == ("INT", "true")


def test_a_death_is_told_once_the_process_runs_again() -> None:
    told: list[str] = []
    notices = DeathNotices(told.append)
    for line in (
        "2026-11-22 05:00:00,000 INFO spawned: 'web' with pid 1",
        "2026-11-22 05:00:01,000 WARN exited: web (terminated by SIGKILL; not expected)",
        "2026-11-22 05:00:01,000 WARN exited: clock (exit status 3; not expected)",
        "2026-11-22 05:00:02,000 INFO spawned: 'web' with pid 2",
        "2026-11-22 05:00:02,100 INFO spawned: 'clock' with pid 3",
        "2026-11-22 05:00:03,000 INFO stopped: web (exit status 0)",
    ):
        notices.read(line)
    assert told == ["web died (signal 9), started again", "clock died (exit status 3), started again"]
