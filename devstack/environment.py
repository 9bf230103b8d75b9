"""What the stack is told by the environment and by `.env`, and what it tells the processes it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from devstack.private_files import read_variables
from devstack.server import StartError


@dataclass(frozen=True)
class Settings:
    """Where the repository is, where the data goes, which port the API gets, and every variable, `.env` included."""

    root: Path
    data_dir: Path
    port: int
    variables: Mapping[str, str] = field(repr=False)

    @property
    def shown_data_dir(self) -> str:
        """The data folder as a person would type it from the repository."""
        inside = self.data_dir.is_relative_to(self.root)
        return str(self.data_dir.relative_to(self.root) if inside else self.data_dir)


def read_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of a stack in `root`; the environment wins over `.env`. Raises StartError for a wrong PORT."""
    variables = read_variables(root / ".env") | dict(environ)
    port = variables.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise StartError(f"PORT must be a number from 1 to 65535, not {port!r}")
    return Settings(root, root / (variables.get("OMS_DATA_DIR") or ".data"), int(port), variables)


def own_servers(variables: Mapping[str, str]) -> dict[str, str]:
    """DATABASE_URL, REDIS_URL and KAFKA_BOOTSTRAP_SERVERS as far as they name somebody else's servers.

    Every spelling that the product understands counts, so that a variable of an older system is not overruled.
    """
    named = {
        "DATABASE_URL": _first(variables, "DATABASE_URL", "WRITE_DATABASE_URL") or _database_from_parts(variables),
        "REDIS_URL": _first(variables, "REDIS_URL", "REDIS_DSN") or _redis_from_parts(variables),
        "KAFKA_BOOTSTRAP_SERVERS": _first(variables, "KAFKA_BOOTSTRAP_SERVERS", "BROKER_URL"),
    }
    return {name: value for name, value in named.items() if value}


def _first(variables: Mapping[str, str], *names: str) -> str:
    return next((variables[name] for name in names if variables.get(name)), "")


def _database_from_parts(variables: Mapping[str, str]) -> str:
    if not variables.get("DB_HOST"):
        return ""
    user, password, name = (quote(variables.get(f"DB_{part}", ""), safe="") for part in ("USER", "PASSWORD", "NAME"))
    return f"postgresql://{user}:{password}@{variables['DB_HOST']}:{variables.get('DB_PORT') or 5432}/{name}"


def _redis_from_parts(variables: Mapping[str, str]) -> str:
    if not variables.get("REDIS_HOST"):
        return ""
    return f"redis://{variables['REDIS_HOST']}:{variables.get('REDIS_PORT') or 6379}/{variables.get('REDIS_DB') or 0}"
