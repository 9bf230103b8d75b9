"""TLS and accounts: KAFKA_SECURITY_*, KAFKA_SSL_* and KAFKA_SASL_* reach the client, and the client gets in by them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask

from devstack.apache_kafka import ARCHIVES, ApacheKafka
from oms import kafka as kafka_client
from oms.config import Settings
from oms.ids import new_id
from oms.kafka import BrokerCheck, Delivery, Publisher, Record
from tests.conftest import Servers
from tests.consumer.test_effects import processed
from tests.consumer.topics import eventually
from tests.processes.programs import Program

PASSWORD = new_id()
JAAS = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_oms="{PASSWORD}";'
Start = Callable[..., Program]


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def self_signed(name: str) -> tuple[str, str]:
    """A key, and a certificate for 127.0.0.1 that vouches for itself; both as PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return pem(key), made.public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The broker's key with its certificate, and the certificate that clients are to trust."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = self_signed("broker")
    private = folder / "broker.pem"
    private.touch(mode=0o600)
    private.write_text(key + certificate)
    (folder / "ca.pem").write_text(certificate)
    return private, folder / "ca.pem"


@pytest.fixture(scope="module", params=["SSL", "SASL_SSL"])
def secured(
    request: pytest.FixtureRequest, authority: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApacheKafka]:
    """A broker that talks to nobody without TLS; with SASL_SSL also to nobody without the password."""
    if not ARCHIVES.is_dir():
        pytest.skip("needs a broker of its own, and make test-kafka has fetched none")
    private, trusted = authority
    properties = {
        "listener.security.protocol.map": f"CLIENT:{request.param},CONTROLLER:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(private),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(trusted),
    }
    if request.param == "SASL_SSL":
        properties |= {
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.client.plain.sasl.jaas.config": JAAS,
        }
    server = ApacheKafka(
        tmp_path_factory.mktemp("secured"), properties=properties, client_options=client_options(request.param, trusted)
    ).start()
    try:
        yield server
    finally:
        server.kill()


def client_options(protocol: str, trusted: Path) -> dict[str, str]:
    account = {"sasl.mechanism": "PLAIN", "sasl.username": "oms", "sasl.password": PASSWORD}
    tls = {"security.protocol": protocol, "ssl.ca.location": str(trusted)}
    return {**tls, **(account if protocol == "SASL_SSL" else {})}


@pytest.fixture
def variables(secured: ApacheKafka) -> dict[str, str]:
    """The environment that leads to the secured broker."""
    options = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in secured.client_options.items()}
    return {"KAFKA_BOOTSTRAP_SERVERS": secured.url, **options}


@pytest.fixture
def read(servers: Servers, variables: dict[str, str]) -> Settings:
    """The settings as the environment gives them."""
    return Settings.from_env(servers.environ(**variables))


def test_topics_are_created_and_records_delivered(read: Settings) -> None:
    assert kafka_client.create_topics(read).refused == {}
    publisher = Publisher(read)
    assert publisher.send([Record(read.kafka_order_topic, new_id(), b"{}", ())]) == [Delivery(None)]
    publisher.discard()
    check = BrokerCheck(read)
    check.PATIENCE_SECONDS = 10  # type: ignore[misc]
    assert check.up()


def test_the_consumer_process_gets_in(app: Flask, read: Settings, start: Start, variables: dict[str, str]) -> None:
    kafka_client.create_topics(read)
    consumer = start("consumer", **variables, KAFKA_CONSUMER_GROUP=new_id())
    publisher, order_id = Publisher(read), new_id()
    body = b'{"id": "%s"}' % order_id.encode()
    assert publisher.send([Record(read.kafka_new_order_topic, order_id, body, ())]) == [Delivery(None)]
    eventually(lambda: processed(app, order_id))
    publisher.discard()
    consumer.terminate()
    assert consumer.wait() == 0, consumer.printed


def stranger(read: Settings, **changes: str) -> Settings:
    options = {name.replace("_", "."): value for name, value in changes.items()}
    return replace(read, kafka_client_options={**read.kafka_client_options, **options})


def test_a_broker_that_nobody_vouches_for_gets_nothing(
    read: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_client, "DELIVERY_SECONDS", 1.0)
    (tmp_path / "other.pem").write_text(self_signed("another")[1])
    publisher = Publisher(stranger(read, ssl_ca_location=str(tmp_path / "other.pem")))
    (delivery,) = publisher.send([Record(read.kafka_order_topic, new_id(), b"{}", ())])
    publisher.discard()
    assert delivery.error
    assert not delivery.refused


@pytest.mark.parametrize("secured", ["SASL_SSL"], indirect=True)
def test_a_wrong_password_does_not_get_in(read: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_client, "DELIVERY_SECONDS", 1.0)
    publisher = Publisher(stranger(read, sasl_password="wrong"))
    (delivery,) = publisher.send([Record(read.kafka_order_topic, new_id(), b"{}", ())])
    publisher.discard()
    assert delivery.error
    assert not delivery.refused
