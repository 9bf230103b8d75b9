"""Settings: the environment read once, typed. Both ancestors' variable names are understood."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from oms import redis_address
from oms.errors import ConfigurationError

T = TypeVar("T")

JWT_ALGORITHMS = ("HS256", "RS256", "EdDSA")
WEAK_SECRETS = ("change-me", "changeme", "secret", "password", "test")
MINIMUM_SECRET_BYTES = 32
MINIMUM_WEBHOOK_SECRET_BYTES = 16
PROVIDER_KEYS = {
    "razorpay": ("RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRETS"),
    "stripe": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS"),
}
# A day less than the inbox remembers: a message read again after that would have its effect again.
MOST_RETENTION_HOURS = 13 * 24
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_RATE = re.compile(r"[1-9][0-9]{0,8} ?(/|per) ?([1-9][0-9]{0,3} ?)?(second|minute|hour|day)s?")
_SERIES = re.compile(r"[A-Za-z0-9.-]{1,30}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the processes take from outside. Durations are seconds unless the name says otherwise."""

    database_url: str
    read_database_url: str | None
    migration_database_url: str | None
    redis_url: str
    redis_queue_url: str | None
    kafka_bootstrap_servers: str
    kafka_client_options: Mapping[str, str]
    kafka_order_topic: str
    kafka_new_order_topic: str
    kafka_fulfilment_topic: str
    kafka_commands_topic: str
    kafka_consumer_group: str
    kafka_session_timeout_ms: int
    kafka_topic_partitions: int
    kafka_topic_replication: int
    kafka_topic_retention_hours: int
    jwt_algorithm: str
    jwt_secret_key: str | None = field(repr=False)
    jwt_previous_secret_keys: tuple[str, ...] = field(repr=False)
    jwt_private_key: str | None = field(repr=False)
    jwt_previous_public_keys: str | None
    jwt_access_minutes: int
    jwt_refresh_minutes: int
    firebase_project_id: str | None
    firebase_keys: str
    rate_limit: str
    login_rate_limit_account: str
    login_rate_limit_address: str
    log_level: str
    default_timezone: str
    default_currency: str
    cache_ttl_seconds: int
    redis_timeout_ms: int
    outbox_retention_hours: float
    journey_retention_days: int
    idempotency_retention_hours: float
    pending_order_ttl_minutes: int
    return_window_days: int
    invoice_series: str
    credit_note_series: str
    refund_voucher_series: str
    seller_name: str
    seller_address: str
    seller_tax_id: str
    db_pool_size: int
    db_statement_timeout_ms: int
    db_lock_timeout_ms: int
    database_distributed: bool
    trusted_proxy_hops: int
    cors_origins: tuple[str, ...]
    web_workers: int
    web_threads: int
    bind_address: str
    port: int
    consumer_health_port: int
    worker_metrics_port: int
    consumer_max_attempts: int
    payment_provider: str
    payment_timeout_ms: int
    razorpay_key_id: str | None
    razorpay_key_secret: str | None = field(repr=False)
    razorpay_webhook_secrets: tuple[str, ...] = field(repr=False)
    razorpay_api_url: str
    stripe_secret_key: str | None = field(repr=False)
    stripe_webhook_secrets: tuple[str, ...] = field(repr=False)
    stripe_api_url: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check everything; raises `ConfigurationError` that names every variable at fault, in one line."""
        read = _Reader(environ)
        algorithm = read.choice(("JWT_HASHING_ALGORITHM", "JWT_ALGORITHM"), JWT_ALGORITHMS, "HS256")
        settings = {
            "database_url": read.database_url(),
            "read_database_url": read.optional_database_url("READ_DATABASE_URL"),
            "migration_database_url": read.optional_database_url("MIGRATION_DATABASE_URL"),
            "redis_url": read.redis_url(),
            "redis_queue_url": read.redis_queue_url(),
            "kafka_bootstrap_servers": read.text(("KAFKA_BOOTSTRAP_SERVERS", "BROKER_URL")),
            "kafka_client_options": _kafka_client_options(environ),
            "kafka_order_topic": read.text(("KAFKA_ORDER_TOPIC",), "order-events"),
            "kafka_new_order_topic": read.text(("KAFKA_NEW_ORDER_TOPIC",), "new_order"),
            "kafka_fulfilment_topic": read.text(("KAFKA_FULFILMENT_TOPIC",), "fulfilment-updates"),
            "kafka_commands_topic": read.text(("KAFKA_COMMANDS_TOPIC",), "order-commands"),
            "kafka_consumer_group": read.text(("KAFKA_CONSUMER_GROUP",), "order-processor"),
            "kafka_session_timeout_ms": read.integer("KAFKA_SESSION_TIMEOUT_MS", 10_000, 1_000, 300_000),
            "kafka_topic_partitions": read.integer("KAFKA_TOPIC_PARTITIONS", 12, 1, 1000),
            "kafka_topic_replication": read.integer("KAFKA_TOPIC_REPLICATION", 1, 1, 10),
            "kafka_topic_retention_hours": read.integer("KAFKA_TOPIC_RETENTION_HOURS", 168, 1, MOST_RETENTION_HOURS),
            "jwt_algorithm": algorithm,
            "jwt_secret_key": read.secret("JWT_SECRET_KEY") if algorithm == "HS256" else None,
            "jwt_previous_secret_keys": read.secrets("JWT_PREVIOUS_SECRET_KEYS"),
            "jwt_private_key": read.pem("JWT_PRIVATE_KEY") if algorithm != "HS256" else None,
            "jwt_previous_public_keys": read.optional_pem("JWT_PREVIOUS_PUBLIC_KEYS"),
            "jwt_access_minutes": read.integer("JWT_ACCESS_TOKEN_EXPIRATION_MINUTES", 30, 1, 1440),
            "jwt_refresh_minutes": read.integer("JWT_REFRESH_TOKEN_EXPIRATION_MINUTES", 80, 1, 527040),
            "firebase_project_id": read.optional("FIREBASE_PROJECT_ID"),
            "firebase_keys": read.text(("FIREBASE_KEYS",), FIREBASE_KEYS_URL),
            "rate_limit": read.rate(("RATELIMIT_DEFAULT", "SLOWAPI_RATELIMIT"), "30/minute"),
            "login_rate_limit_account": read.rate(("RATELIMIT_LOGIN_ACCOUNT",), "5/minute"),
            "login_rate_limit_address": read.rate(("RATELIMIT_LOGIN_ADDRESS",), "20/minute"),
            "log_level": read.choice(("LOG_LEVEL", "LOGGING_LVL"), LOG_LEVELS, "INFO"),
            "default_timezone": read.timezone("DEFAULT_TIMEZONE", "UTC"),
            "default_currency": read.currency("DEFAULT_CURRENCY", "USD"),
            "cache_ttl_seconds": read.integer("CACHE_TTL_SECONDS", 300, 1, 86_400),
            "redis_timeout_ms": read.integer("REDIS_TIMEOUT_MS", 100, 10, 10_000),
            "outbox_retention_hours": read.hours("OUTBOX_RETENTION_HOURS", 72),
            "journey_retention_days": read.integer("JOURNEY_RETENTION_DAYS", 0, 0, 36500),
            "idempotency_retention_hours": read.hours("IDEMPOTENCY_RETENTION_HOURS", 24),
            "pending_order_ttl_minutes": read.integer("PENDING_ORDER_TTL_MINUTES", 0, 0, 525_600),
            "return_window_days": read.integer("RETURN_WINDOW_DAYS", 30, 0, 3650),
            "invoice_series": read.series("INVOICE_SERIES", "INV-{year}"),
            "credit_note_series": read.series("CREDIT_NOTE_SERIES", "CN-{year}"),
            "refund_voucher_series": read.series("REFUND_VOUCHER_SERIES", "RV-{year}"),
            "seller_name": read.text(("SELLER_NAME",), "The shop"),
            "seller_address": (read.optional("SELLER_ADDRESS") or "").replace("\\n", "\n"),
            "seller_tax_id": read.optional("SELLER_TAX_ID") or "",
            "db_pool_size": read.integer("DB_POOL_SIZE", 9, 1, 200),
            "db_statement_timeout_ms": read.integer("DB_STATEMENT_TIMEOUT_MS", 10_000, 100, 600_000),
            "db_lock_timeout_ms": read.integer("DB_LOCK_TIMEOUT_MS", 3_000, 10, 600_000),
            "database_distributed": read.choice(("DATABASE_DISTRIBUTED",), ("YES", "NO"), "NO") == "YES",
            "trusted_proxy_hops": read.integer("TRUSTED_PROXY_HOPS", 0, 0, 10),
            "cors_origins": read.list("CORS_ORIGINS"),
            "web_workers": read.integer("WEB_CONCURRENCY", 2, 1, 64),
            "web_threads": read.integer("WEB_THREADS", 8, 1, 64),
            "bind_address": read.text(("BIND_ADDRESS",), "0.0.0.0"),  # noqa: S104 - a container's port
            "port": read.integer("PORT", 8000, 1, 65_535),
            "consumer_health_port": read.integer("CONSUMER_HEALTH_PORT", 8010, 0, 65_535),
            "worker_metrics_port": read.integer("WORKER_METRICS_PORT", 0, 0, 65_535),
            "consumer_max_attempts": read.integer("CONSUMER_MAX_ATTEMPTS", 5, 1, 20),
            "payment_provider": read.payment_provider(),
            "payment_timeout_ms": read.integer("PAYMENT_TIMEOUT_MS", 5_000, 100, 60_000),
            "razorpay_key_id": read.optional("RAZORPAY_KEY_ID"),
            "razorpay_key_secret": read.optional("RAZORPAY_KEY_SECRET"),
            "razorpay_webhook_secrets": read.webhook_secrets("RAZORPAY_WEBHOOK_SECRETS"),
            "razorpay_api_url": read.api_url("RAZORPAY_API_URL", "https://api.razorpay.com"),
            "stripe_secret_key": read.optional("STRIPE_SECRET_KEY"),
            "stripe_webhook_secrets": read.webhook_secrets("STRIPE_WEBHOOK_SECRETS"),
            "stripe_api_url": read.api_url("STRIPE_API_URL", "https://api.stripe.com"),
        }
        read.refuse_if_wrong()
        return cls(**settings)  # type: ignore[arg-type]  # a wrong value has been refused in the line above

    @property
    def consumed_topics(self) -> tuple[str, ...]:
        return (self.kafka_new_order_topic, self.kafka_fulfilment_topic, self.kafka_commands_topic)


FIREBASE_KEYS_URL = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"


class _Reader:
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


_KAFKA_CLIENT = ("KAFKA_SECURITY_", "KAFKA_SASL_", "KAFKA_SSL_", "KAFKA_CLIENT_")


def _kafka_client_options(environ: Mapping[str, str]) -> dict[str, str]:
    """`KAFKA_SASL_USERNAME` becomes librdkafka's `sasl.username`: TLS and SASL pass through untouched."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in environ.items()
        if name.startswith(_KAFKA_CLIENT) and value
    }
