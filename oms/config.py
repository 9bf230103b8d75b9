"""Settings: the environment read once, typed. Both ancestors' variable names are understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from oms.environment import Environment

JWT_ALGORITHMS = ("HS256", "RS256", "EdDSA")
# A day less than the inbox remembers: a message read again after that would have its effect again.
MOST_RETENTION_HOURS = 13 * 24
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


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
    console_rate_limit: str
    console_idle_minutes: int
    console_session_hours: int
    log_level: str
    sentry_dsn: str | None = field(repr=False)
    sentry_environment: str
    otel: Mapping[str, str] = field(repr=False)
    slow_request_ms: int
    slow_query_ms: int
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
    stream_port: int
    stream_url: str | None
    stream_connections: int
    stream_connections_per_caller: int
    stream_heartbeat_seconds: int
    exports_per_process: int
    import_max_mib: int
    webhook_metrics_port: int
    consumer_max_attempts: int
    webhook_encryption_keys: tuple[str, ...] = field(repr=False)
    webhook_allow_http: bool
    webhook_allowed_networks: tuple[str, ...]
    webhook_timeout_ms: int
    webhook_concurrency: int
    webhook_disable_after_days: int
    webhook_retention_days: int
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
        read = Environment(environ)
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
            "console_rate_limit": read.rate(("RATELIMIT_CONSOLE",), "600/minute"),
            "console_idle_minutes": read.integer("CONSOLE_IDLE_MINUTES", 30, 2, 1440),
            "console_session_hours": read.integer("CONSOLE_SESSION_HOURS", 12, 1, 168),
            "otel": {name: value for name, value in environ.items() if name.startswith("OTEL_") and value},
            "sentry_dsn": read.sentry_dsn("SENTRY_DSN"),
            "sentry_environment": read.text(("SENTRY_ENVIRONMENT",), "production"),
            "log_level": read.choice(("LOG_LEVEL", "LOGGING_LVL"), LOG_LEVELS, "INFO"),
            "slow_request_ms": read.integer("SLOW_REQUEST_MS", 1000, 0, 600_000),
            "slow_query_ms": read.integer("SLOW_QUERY_MS", 500, 0, 600_000),
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
            "stream_port": read.integer("STREAM_PORT", 8001, 1, 65_535),
            "stream_url": read.optional_url("STREAM_URL"),
            "stream_connections": read.integer("STREAM_CONNECTIONS", 200, 1, 10_000),
            "stream_connections_per_caller": read.integer("STREAM_CONNECTIONS_PER_CALLER", 10, 1, 10_000),
            "stream_heartbeat_seconds": read.integer("STREAM_HEARTBEAT_SECONDS", 15, 1, 300),
            "exports_per_process": read.integer("EXPORTS_PER_PROCESS", 2, 1, 64),
            "import_max_mib": read.integer("IMPORT_MAX_MIB", 32, 1, 1024),
            "webhook_metrics_port": read.integer("WEBHOOK_METRICS_PORT", 0, 0, 65_535),
            "consumer_max_attempts": read.integer("CONSUMER_MAX_ATTEMPTS", 5, 1, 20),
            "webhook_encryption_keys": read.secrets("WEBHOOK_ENCRYPTION_KEYS"),
            "webhook_allow_http": read.choice(("WEBHOOK_ALLOW_HTTP",), ("YES", "NO"), "NO") == "YES",
            "webhook_allowed_networks": read.networks("WEBHOOK_ALLOWED_NETWORKS"),
            "webhook_timeout_ms": read.integer("WEBHOOK_TIMEOUT_MS", 10_000, 100, 15_000),
            "webhook_concurrency": read.integer("WEBHOOK_CONCURRENCY", 64, 2, 500),
            "webhook_disable_after_days": read.integer("WEBHOOK_DISABLE_AFTER_DAYS", 5, 1, 365),
            "webhook_retention_days": read.integer("WEBHOOK_RETENTION_DAYS", 30, 2, 365),
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
    def traces(self) -> bool:
        """Whether there is somewhere to send traces."""
        disabled = self.otel.get("OTEL_SDK_DISABLED", "").lower() == "true"
        return not disabled and any(name in self.otel for name in _OTLP_ENDPOINTS)

    @property
    def consumed_topics(self) -> tuple[str, ...]:
        return (self.kafka_new_order_topic, self.kafka_fulfilment_topic, self.kafka_commands_topic)


FIREBASE_KEYS_URL = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"


_OTLP_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_KAFKA_CLIENT = ("KAFKA_SECURITY_", "KAFKA_SASL_", "KAFKA_SSL_", "KAFKA_CLIENT_")


def _kafka_client_options(environ: Mapping[str, str]) -> dict[str, str]:
    """`KAFKA_SASL_USERNAME` becomes librdkafka's `sasl.username`: TLS and SASL pass through untouched."""
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in environ.items()
        if name.startswith(_KAFKA_CLIENT) and value
    }
