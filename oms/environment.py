"""Variables of the environment as typed values, and what is wrong with them."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from oms import redis_address
from oms.errors import ConfigurationError

T = TypeVar("T")

WEAK_SECRETS = ("change-me", "changeme", "secret", "password", "test")
MINIMUM_SECRET_BYTES = 32
MINIMUM_WEBHOOK_SECRET_BYTES = 16
PROVIDER_KEYS = {
    "razorpay": ("RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRETS"),
    "stripe": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS"),
}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_RATE = re.compile(r"[1-9][0-9]{0,8} ?(/|per) ?([1-9][0-9]{0,3} ?)?(second|minute|hour|day)s?")
_DSN = re.compile(r"https?://[^:@/\s]+(:[^:@/\s]+)?@[^@\s]+/[^/\s]+")
_SERIES = re.compile(r"[A-Za-z0-9.-]{1,30}")


class Environment:
    """Collects what is wrong instead of stopping at the first variable, so that one start shows everything."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: list[str] = []

    def refuse_if_wrong(self) -> None:
        if self._faults:
            raise ConfigurationError("configuration: " + "; ".join(self._faults))

    def optional(self, *names: str) -> str | None:
        for name in names:
            if value := self._environ.get(name, "").strip():
                return value
        return None

    def text(self, names: tuple[str, ...], default: str | None = None) -> str:
        value = self.optional(*names) or default
        if value is None:
            self._faults.append(f"{' or '.join(names)} is missing")
            return ""
        return value

    def list(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in (self.optional(name) or "").split(",") if part.strip())

    def networks(self, name: str) -> tuple[str, ...]:
        rule = "must be networks such as 10.1.0.0/16, with a comma between them"
        return tuple(self._checked(name, network, ipaddress.ip_network, rule) for network in self.list(name))

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.optional(name)
        if raw is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", raw) or not low <= int(raw) <= high:
            self._faults.append(f"{name} must be a whole number from {low} to {high}")
            return default
        return int(raw)

    def hours(self, name: str, default: int) -> float:
        """Up to a year; a part of an hour is for those who want to see it pass."""
        raw = self.optional(name)
        if raw is None:
            return default
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", raw) or not 0.01 <= float(raw) <= 8760:
            self._faults.append(f"{name} must be a number of hours from 0.01 to 8760")
            return default
        return float(raw) if "." in raw else int(raw)

    def choice(self, names: tuple[str, ...], allowed: tuple[str, ...], default: str) -> str:
        raw = self.optional(*names)
        chosen = next((word for word in allowed if raw and word.lower() == raw.lower()), None)
        if raw and not chosen:
            self._faults.append(f"{' or '.join(names)} must be one of {', '.join(allowed)}")
        return chosen or default

    def rate(self, names: tuple[str, ...], default: str) -> str:
        raw = self.optional(*names) or default
        if not _RATE.fullmatch(raw):
            self._faults.append(f"{' or '.join(names)} must look like 30/minute")
            return default
        return raw

    def series(self, name: str, default: str) -> str:
        raw = self.optional(name) or default
        if not _SERIES.fullmatch(raw.replace("{year}", "2000")):
            self._faults.append(f"{name} must be 1 to 30 of A-Z a-z 0-9 . - with {{year}} where the year goes")
        return raw

    def timezone(self, name: str, default: str) -> str:
        from zoneinfo import ZoneInfo

        return self._checked(name, self.optional(name) or default, ZoneInfo, "must be a time zone such as Asia/Kolkata")

    def currency(self, name: str, default: str) -> str:
        raw = self.optional(name) or default
        if not re.fullmatch(r"[A-Z]{3}", raw):
            self._faults.append(f"{name} must be a currency code such as USD")
        return raw

    def secret(self, name: str) -> str | None:
        raw = self.optional(name)
        if raw is None:
            self._faults.append(f"{name} is missing")
        elif raw.lower() in WEAK_SECRETS or len(raw.encode()) < MINIMUM_SECRET_BYTES:
            self._faults.append(f"{name} must be a random secret of {MINIMUM_SECRET_BYTES} bytes or more")
        return raw

    def secrets(self, name: str) -> tuple[str, ...]:
        found = self.list(name)
        if any(len(secret.encode()) < MINIMUM_SECRET_BYTES for secret in found):
            self._faults.append(f"{name}: every secret must have {MINIMUM_SECRET_BYTES} bytes or more")
        return found

    def payment_provider(self) -> str:
        """The default one. Keys come together or not at all: half of them would take money and never hear of it."""
        chosen = self.choice(("PAYMENT_PROVIDER",), ("manual", *PROVIDER_KEYS), "manual")
        for provider, names in PROVIDER_KEYS.items():
            absent = [name for name in names if self.optional(name) is None]
            if absent and (chosen == provider or len(absent) < len(names)):
                self._faults += [f"{name} is missing, and payments through {provider} need it" for name in absent]
        return chosen

    def webhook_secrets(self, name: str) -> tuple[str, ...]:
        """What a provider signs its callbacks with; some are chosen by people, so they may be shorter than ours."""
        found = self.list(name)
        if any(len(secret.encode()) < MINIMUM_WEBHOOK_SECRET_BYTES for secret in found):
            self._faults.append(f"{name}: every secret must have {MINIMUM_WEBHOOK_SECRET_BYTES} bytes or more")
        return found

    def api_url(self, name: str, default: str) -> str:
        """https, since keys travel there; plain http only to this very machine. Comes without a slash at the end."""
        raw = self.optional(name) or default
        if not _is_api_url(raw):
            self._faults.append(f"{name} must look like {default}")
        return raw.rstrip("/")

    def sentry_dsn(self, name: str) -> str | None:
        raw = self.optional(name)
        if raw and not _DSN.fullmatch(raw):
            self._faults.append(f"{name} must look like https://key@host/project")
        return raw

    def optional_url(self, name: str) -> str | None:
        """A web address without a slash at the end."""
        raw = self.optional(name)
        if raw is not None and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", raw):
            self._faults.append(f"{name} must look like https://live.example.com")
        return raw.rstrip("/") if raw else None

    def pem(self, name: str) -> str | None:
        found = self.optional_pem(name)
        if found is None and self.optional(name) is None:
            self._faults.append(f"{name} is missing")
        return found

    def optional_pem(self, name: str) -> str | None:
        """PEM text itself, or the path of a file that holds it."""
        raw = self.optional(name)
        if raw is None or raw.startswith("-----BEGIN"):
            return raw
        try:
            return Path(raw).read_text()
        except OSError as error:
            self._faults.append(f"{name} is neither PEM text nor a readable file ({error.strerror})")
            return None

    def database_url(self) -> str:
        raw = self.optional("DATABASE_URL", "WRITE_DATABASE_URL") or self._database_url_from_parts()
        if raw is None:
            self._faults.append("DATABASE_URL (or WRITE_DATABASE_URL, or DB_HOST and DB_NAME) is missing")
            return ""
        return self._postgres(raw, "DATABASE_URL")

    def optional_database_url(self, name: str) -> str | None:
        raw = self.optional(name)
        return self._postgres(raw, name) if raw else None

    def _database_url_from_parts(self) -> str | None:
        host, name = self.optional("DB_HOST"), self.optional("DB_NAME")
        if not host or not name:
            return None
        user, password = self.optional("DB_USER"), self.optional("DB_PASSWORD")
        login = quote(user or "", safe="") + (":" + quote(password, safe="") if password else "")
        port = self.integer("DB_PORT", 5432, 1, 65_535)
        return f"postgresql://{login + '@' if login else ''}{host}:{port}/{quote(name, safe='')}"

    def _postgres(self, raw: str, name: str) -> str:
        # SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3, hosting platforms still say postgres://,
        # and the ancestors wrote an async driver there.
        scheme, _, rest = raw.partition("://")
        normal = "postgresql+psycopg2://" + rest
        if scheme.split("+")[0] not in ("postgres", "postgresql") or not _names_a_database(normal):
            self._faults.append(f"{name} must look like postgresql://user:password@host:5432/name")
            return ""
        return normal

    def redis_url(self) -> str:
        raw = self.optional("REDIS_URL", "REDIS_DSN")
        if raw is None and (host := self.optional("REDIS_HOST")):
            port, number = self.integer("REDIS_PORT", 6379, 1, 65_535), self.integer("REDIS_DB", 0, 0, 1024)
            raw = f"redis://{host}:{port}/{number}"
        if raw is None:
            self._faults.append("REDIS_URL (or REDIS_DSN, or REDIS_HOST) is missing")
            return ""
        return self._redis("REDIS_URL", raw)

    def redis_queue_url(self) -> str | None:
        raw = self.optional("REDIS_QUEUE_URL")
        return self._redis("REDIS_QUEUE_URL", raw) if raw else None

    def _redis(self, name: str, raw: str) -> str:
        rule = "must look like redis://host:6379/0 or redis+sentinel://host:26379,host:26379/service/0"
        return self._checked(name, raw, lambda url: redis_address.client(url, 1, 1), rule)

    def _checked(self, name: str, raw: str, parse: Callable[[str], object], rule: str) -> str:
        try:
            parse(raw)
        except (ValueError, KeyError, OSError):
            self._faults.append(f"{name} {rule}")
        return raw


def _names_a_database(url: str) -> bool:
    try:
        return bool(make_url(url).database)
    except (ArgumentError, ValueError):
        return False


def _is_api_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    bare = not (parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"))
    return bool(parts.hostname) and port != 0 and bare and (parts.scheme == "https" or plain)
