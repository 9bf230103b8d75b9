"""The environment is read once, typed, under both ancestors' names; what is wrong stops the start with one line."""

from typing import Any

import pytest

from oms.config import MOST_RETENTION_HOURS, Settings
from oms.errors import ConfigurationError
from oms.jobs.sweep import INBOX_DAYS

SECRET = "a-secret-that-is-long-enough-0123456789"
LEAST = {
    "DATABASE_URL": "postgresql://user:word@db:5432/oms",
    "REDIS_URL": "redis://redis:6379/0",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "JWT_SECRET_KEY": SECRET,
}


def read(**changes: str | None) -> Settings:
    return Settings.from_env({name: value for name, value in {**LEAST, **changes}.items() if value is not None})


def refusal(**changes: str | None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(**changes)
    assert "\n" not in caught.value.detail
    return caught.value.detail


def test_four_variables_are_enough() -> None:
    settings = read()
    assert settings.rate_limit == "30/minute"
    assert (settings.kafka_order_topic, settings.kafka_consumer_group) == ("order-events", "order-processor")
    assert (settings.jwt_access_minutes, settings.jwt_refresh_minutes) == (30, 80)
    assert (settings.default_timezone, settings.default_currency) == ("UTC", "USD")
    assert settings.pending_order_ttl_minutes == 0
    assert settings.read_database_url is None


@pytest.mark.parametrize(
    ("variables", "field", "expected"),
    [
        ({"DATABASE_URL": None, "WRITE_DATABASE_URL": "postgresql://a@b/c"}, "database_url", "a@b/c"),
        ({"DATABASE_URL": "postgres://a:b@c:1/d"}, "database_url", "a:b@c:1/d"),
        ({"DATABASE_URL": "postgresql+asyncpg://a:b@c:1/d"}, "database_url", "a:b@c:1/d"),
        ({"DATABASE_URL": "postgresql://a@b/c?sslmode=verify-full"}, "database_url", "a@b/c?sslmode=verify-full"),
        ({"READ_DATABASE_URL": "postgresql://a@replica/c"}, "read_database_url", "a@replica/c"),
        ({"DATABASE_URL": None, "DB_HOST": "db", "DB_NAME": "os"}, "database_url", "db:5432/os"),
        (
            {
                "DATABASE_URL": None,
                "DB_HOST": "db",
                "DB_PORT": "6000",
                "DB_NAME": "os",
                "DB_USER": "u",
                "DB_PASSWORD": "p@:/s",
            },
            "database_url",
            "u:p%40%3A%2Fs@db:6000/os",
        ),
    ],
)
def test_the_database_may_be_named_in_each_ancestors_way(
    variables: dict[str, str | None], field: str, expected: str
) -> None:
    assert getattr(read(**variables), field) == f"postgresql+psycopg2://{expected}"


@pytest.mark.parametrize(
    ("variables", "field", "expected"),
    [
        ({"REDIS_URL": None, "REDIS_DSN": "redis://r:1/2"}, "redis_url", "redis://r:1/2"),
        ({"REDIS_URL": None, "REDIS_HOST": "r"}, "redis_url", "redis://r:6379/0"),
        ({"REDIS_URL": None, "REDIS_HOST": "r", "REDIS_PORT": "7", "REDIS_DB": "3"}, "redis_url", "redis://r:7/3"),
        ({"REDIS_URL": "rediss://r:1"}, "redis_url", "rediss://r:1"),
        ({"REDIS_URL": "redis+sentinel://a,b:7/s"}, "redis_url", "redis+sentinel://a,b:7/s"),
        ({"OUTBOX_RETENTION_HOURS": "0.05"}, "outbox_retention_hours", 0.05),
        ({"REDIS_QUEUE_URL": "redis://q:1/2"}, "redis_queue_url", "redis://q:1/2"),
        ({"KAFKA_BOOTSTRAP_SERVERS": None, "BROKER_URL": "k:1"}, "kafka_bootstrap_servers", "k:1"),
        ({"SLOWAPI_RATELIMIT": "5/second"}, "rate_limit", "5/second"),
        ({"RATELIMIT_DEFAULT": "7 per hour", "SLOWAPI_RATELIMIT": "5/second"}, "rate_limit", "7 per hour"),
        ({"LOGGING_LVL": "debug"}, "log_level", "DEBUG"),
        ({"LOG_LEVEL": "ERROR", "LOGGING_LVL": "debug"}, "log_level", "ERROR"),
        ({"JWT_HASHING_ALGORITHM": "HS256"}, "jwt_algorithm", "HS256"),
        ({"JWT_ACCESS_TOKEN_EXPIRATION_MINUTES": "5"}, "jwt_access_minutes", 5),
        ({"KAFKA_ORDER_TOPIC": "orders"}, "kafka_order_topic", "orders"),
        ({"KAFKA_CONSUMER_GROUP": "group"}, "kafka_consumer_group", "group"),
        ({"DEFAULT_TIMEZONE": "Asia/Kolkata"}, "default_timezone", "Asia/Kolkata"),
        ({"CORS_ORIGINS": "https://a.test, https://b.test"}, "cors_origins", ("https://a.test", "https://b.test")),
        ({"FIREBASE_PROJECT_ID": " shop "}, "firebase_project_id", "shop"),
        ({"FIREBASE_PROJECT_ID": ""}, "firebase_project_id", None),
        ({"PORT": ""}, "port", 8000),
    ],
)
def test_a_variable_is_read_under_every_name_it_has(
    variables: dict[str, str | None], field: str, expected: Any
) -> None:
    assert getattr(read(**variables), field) == expected


def test_kafkas_own_options_pass_through() -> None:
    settings = read(KAFKA_SECURITY_PROTOCOL="SASL_SSL", KAFKA_SASL_USERNAME="u", KAFKA_SSL_CA_LOCATION="/ca.pem")
    assert settings.kafka_client_options == {
        "security.protocol": "SASL_SSL",
        "sasl.username": "u",
        "ssl.ca.location": "/ca.pem",
    }


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("DATABASE_URL", "DATABASE_URL (or WRITE_DATABASE_URL, or DB_HOST and DB_NAME) is missing"),
        ("REDIS_URL", "REDIS_URL (or REDIS_DSN, or REDIS_HOST) is missing"),
        ("KAFKA_BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS or BROKER_URL is missing"),
        ("JWT_SECRET_KEY", "JWT_SECRET_KEY is missing"),
    ],
)
def test_what_is_missing_is_named_with_its_other_names(missing: str, named: str) -> None:
    assert named in refusal(**{missing: None})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://a@b/c"),
        ("DATABASE_URL", "db:5432"),
        ("DATABASE_URL", "postgresql://host-without-a-name"),
        ("READ_DATABASE_URL", "replica"),
        ("REDIS_URL", "http://redis"),
        ("REDIS_URL", "redis+sentinel://a:26379,b:26379"),
        ("REDIS_URL", "redis+sentinel://a:port/orders"),
        ("REDIS_URL", "redis+sentinel:///orders"),
        ("REDIS_QUEUE_URL", "queue:6379"),
        ("OUTBOX_RETENTION_HOURS", "0.001"),
        ("IDEMPOTENCY_RETENTION_HOURS", "9000"),
        ("JWT_SECRET_KEY", "change-me"),
        ("JWT_SECRET_KEY", "short"),
        ("JWT_PREVIOUS_SECRET_KEYS", f"{SECRET},short"),
        ("JWT_HASHING_ALGORITHM", "none"),
        ("JWT_ACCESS_TOKEN_EXPIRATION_MINUTES", "0"),
        ("JWT_ACCESS_TOKEN_EXPIRATION_MINUTES", "half an hour"),
        ("RATELIMIT_DEFAULT", "lots"),
        ("RATELIMIT_DEFAULT", "0/minute"),
        ("LOG_LEVEL", "LOUD"),
        ("DEFAULT_TIMEZONE", "Mars/Olympus"),
        ("DEFAULT_TIMEZONE", "../../etc/hosts"),
        ("DEFAULT_CURRENCY", "usd"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "8_000"),
        ("DB_POOL_SIZE", "9.5"),
        ("TRUSTED_PROXY_HOPS", "11"),
        ("PAYMENT_PROVIDER", "paypal"),
        ("PAYMENT_TIMEOUT_MS", "99"),
        ("PAYMENT_TIMEOUT_MS", "60001"),
        ("RAZORPAY_WEBHOOK_SECRETS", "long-enough-to-be-one,short"),
        ("STRIPE_WEBHOOK_SECRETS", "short"),
        ("RAZORPAY_API_URL", "http://api.razorpay.com"),
        ("STRIPE_API_URL", "http://10.0.0.1:8080"),
        ("STRIPE_API_URL", "http://localhost.example.com"),
        ("STRIPE_API_URL", "https://user:word@api.stripe.com"),
        ("STRIPE_API_URL", "https://api.stripe.com/v1"),
        ("STRIPE_API_URL", "https://api.stripe.com?x=1"),
        ("STRIPE_API_URL", "https://api.stripe.com:port"),
        ("STRIPE_API_URL", "https://[::1"),
        ("STRIPE_API_URL", "api.stripe.com"),
        ("STRIPE_API_URL", "file:///etc/passwd"),
        ("WEBHOOK_ENCRYPTION_KEYS", "too-short"),
        ("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/33"),
        ("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/8,example.com"),
        ("WEBHOOK_TIMEOUT_MS", "20000"),
    ],
)
def test_a_malformed_value_is_refused_by_name(name: str, value: str) -> None:
    assert name in refusal(**{name: value})


def test_everything_wrong_is_told_at_once() -> None:
    told = refusal(DATABASE_URL=None, REDIS_URL="x", PORT="x", LOG_LEVEL="x")
    assert all(name in told for name in ("DATABASE_URL", "REDIS_URL", "PORT", "LOG_LEVEL"))


def test_a_refusal_never_shows_a_secret() -> None:
    assert "hunter2" not in refusal(JWT_SECRET_KEY="hunter2", DATABASE_URL="mysql://u:hunter2@h/d")


def test_secrets_are_left_out_when_settings_are_printed() -> None:
    assert SECRET not in repr(read())


def test_another_algorithm_needs_its_private_key_and_no_secret() -> None:
    assert "JWT_PRIVATE_KEY is missing" in refusal(JWT_HASHING_ALGORITHM="RS256", JWT_SECRET_KEY=None)
    assert "JWT_PRIVATE_KEY" in refusal(JWT_HASHING_ALGORITHM="EdDSA", JWT_PRIVATE_KEY="/nowhere/key.pem")
    pem = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"
    assert read(JWT_HASHING_ALGORITHM="RS256", JWT_SECRET_KEY=None, JWT_PRIVATE_KEY=pem).jwt_private_key == pem


def test_a_private_key_may_lie_in_a_file(tmp_path: Any) -> None:
    file = tmp_path / "key.pem"
    file.write_text("-----BEGIN PRIVATE KEY-----")
    settings = read(JWT_HASHING_ALGORITHM="RS256", JWT_SECRET_KEY=None, JWT_PRIVATE_KEY=str(file))
    assert settings.jwt_private_key == "-----BEGIN PRIVATE KEY-----"


RAZORPAY = {
    "RAZORPAY_KEY_ID": "rzp_test_1",
    "RAZORPAY_KEY_SECRET": "the-secret-of-razorpay",
    "RAZORPAY_WEBHOOK_SECRETS": "the-newest-of-razorpay, the-former-of-razorpay",
}
STRIPE = {"STRIPE_SECRET_KEY": "sk_test_of_stripe", "STRIPE_WEBHOOK_SECRETS": "whsec_of_stripe_itself"}


def test_payments_are_taken_by_hand_until_a_provider_is_named() -> None:
    settings = read()
    assert settings.payment_provider == "manual"
    assert (settings.razorpay_key_id, settings.stripe_secret_key, settings.razorpay_webhook_secrets) == (None, None, ())
    assert (settings.razorpay_api_url, settings.stripe_api_url) == (
        "https://api.razorpay.com",
        "https://api.stripe.com",
    )
    assert settings.payment_timeout_ms == 5000


def test_a_providers_keys_are_read_whether_or_not_it_is_the_default() -> None:
    settings = read(PAYMENT_PROVIDER="Stripe", **RAZORPAY, **STRIPE)
    assert settings.payment_provider == "stripe"
    assert (settings.razorpay_key_id, settings.razorpay_key_secret) == ("rzp_test_1", "the-secret-of-razorpay")
    assert settings.razorpay_webhook_secrets == ("the-newest-of-razorpay", "the-former-of-razorpay")
    assert (settings.stripe_secret_key, settings.stripe_webhook_secrets) == (
        "sk_test_of_stripe",
        ("whsec_of_stripe_itself",),
    )


@pytest.mark.parametrize(("provider", "keys"), [("razorpay", RAZORPAY), ("stripe", STRIPE)])
def test_a_provider_that_is_named_needs_its_keys(provider: str, keys: dict[str, str]) -> None:
    told = refusal(PAYMENT_PROVIDER=provider)
    assert all(f"{name} is missing" in told for name in keys)
    assert read(PAYMENT_PROVIDER=provider, **keys).payment_provider == provider


@pytest.mark.parametrize(("keys", "name"), [(keys, name) for keys in (RAZORPAY, STRIPE) for name in keys])
def test_half_the_keys_of_a_provider_are_refused_even_where_it_is_not_the_default(
    keys: dict[str, str], name: str
) -> None:
    assert f"{name} is missing" in refusal(**{**keys, name: None})


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "[::1]:8123", "localhost"])
def test_a_provider_on_this_very_machine_may_speak_plain_http(host: str) -> None:
    settings = read(RAZORPAY_API_URL=f"http://{host}/", STRIPE_API_URL=f"http://{host}")
    assert settings.razorpay_api_url == settings.stripe_api_url == f"http://{host}"


def test_the_secrets_of_providers_are_left_out_when_settings_are_printed() -> None:
    printed = repr(read(**RAZORPAY, **STRIPE))
    hidden = [RAZORPAY["RAZORPAY_KEY_SECRET"], "the-newest-of-razorpay", "the-former-of-razorpay", *STRIPE.values()]
    assert "rzp_test_1" in printed
    assert not [secret for secret in hidden if secret in printed]


def test_topics_keep_no_message_for_as_long_as_the_inbox_remembers_it() -> None:
    most = read(KAFKA_TOPIC_RETENTION_HOURS=str(MOST_RETENTION_HOURS)).kafka_topic_retention_hours
    assert most < INBOX_DAYS * 24
    assert "KAFKA_TOPIC_RETENTION_HOURS" in refusal(KAFKA_TOPIC_RETENTION_HOURS=str(MOST_RETENTION_HOURS + 1))
