"""Where a webhook may not go, whatever is tried."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from oms.webhooks import addresses, sending
from oms.webhooks.addresses import Refused, Rules
from tests.webhooks.receivers import Receiver

STRICT = Rules(allow_http=False, networks=())
LOCAL = Rules(allow_http=True, networks=(ipaddress.ip_network("127.0.0.0/8"),))
PRIVATE = [
    "0.0.0.0",  # noqa: S104 - no server of ours
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "2001:0:53aa:64c::1",
    "64:ff9b:1::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_ours_is_permitted(address: str) -> None:
    assert not STRICT.permit(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_a_public_address_is_permitted(address: str) -> None:
    assert STRICT.permit(ipaddress.ip_address(address))


def test_a_network_of_the_setting_is_permitted_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LOCAL.permit(ipaddress.ip_address("127.0.0.1"))
    assert LOCAL.permit(ipaddress.ip_address("::ffff:127.0.0.1"))
    assert not LOCAL.permit(ipaddress.ip_address("10.0.0.1"))
    assert not LOCAL.permit(ipaddress.ip_address("::1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https:///path",
        "https://user:word@example.com/",
        "https://user@example.com/",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:6553600/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com/\\path",
        "https://example.com/\r\nHost: other",
        "https://b\u00fccher.example/",
        "//example.com/",
        "example.com",
        "https://[::1",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_a_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        addresses.parse(url, STRICT)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]"]
)
def test_a_name_or_number_that_means_this_machine_is_refused(host: str) -> None:
    with pytest.raises(Refused):
        addresses.resolve(addresses.parse(f"https://{host}/", STRICT), STRICT)


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names resolve to each of these in turn; what was asked for."""
    asked, left = [], list(answers)

    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *rest: Any, **more: Any) -> Any:
        if host[0].isdigit():  # an address, to be dialled
            return real(host, port, *rest, **more)
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(Refused):
        addresses.resolve(addresses.parse("https://example.com/", STRICT), STRICT)


def test_a_name_that_is_public_when_saved_and_local_when_called_reaches_nothing(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    answering(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    rules = Rules(allow_http=True, networks=())
    url = f"http://rebound.example:{receiver.port}/"
    addresses.check(url, rules)
    result = sending.post(url, b"{}", {}, rules, 2)
    assert (result.status, result.error) == (None, "The host has an address that webhooks may not go to.")
    assert receiver.got == []


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """The name is looked up once: whatever it would say next is not asked."""
    asked = answering(monkeypatch, ["127.0.0.1"], ["10.255.255.1"])
    result = sending.post(f"http://pinned.example:{receiver.port}/x?y=1", b"{}", {}, LOCAL, 2)
    assert (result.status, asked) == (204, ["pinned.example"])
    assert receiver.got[0].headers["host"] == f"pinned.example:{receiver.port}"
    assert receiver.got[0].path == "/x?y=1"


def test_a_look_up_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        over.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = sending.post("https://slow.example/", b"{}", {}, STRICT, 0.2)
    over.set()
    assert result.error == "The host name is not known."


def test_a_port_where_nobody_listens_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = sending.post(f"http://127.0.0.1:{port}/", b"{}", {}, LOCAL, 2)
    assert result.status is None
    assert "no connection" in (result.error or "")


class TestTls:
    @pytest.fixture(autouse=True)
    def anew(self) -> Iterator[None]:
        """What is trusted is read when it is asked for, and again by whoever comes next."""
        sending.trust.cache_clear()
        yield
        sending.trust.cache_clear()

    @pytest.fixture
    def certified(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
        """A receiver with a certificate for hooks.example, which this machine trusts."""
        certificate = _certificate(tmp_path, "hooks.example")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.names: list[str | None] = []
        context.sni_callback = lambda _, name, __: self.names.append(name)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        answering(monkeypatch, ["127.0.0.1"])
        with Receiver(context) as receiver:
            yield receiver

    def test_the_name_is_verified_though_the_address_is_dialled(self, certified: Receiver) -> None:
        result = sending.post(f"https://hooks.example:{certified.port}/", b"{}", {}, LOCAL, 5)
        assert (result.status, result.error) == (204, None)
        assert self.names == ["hooks.example"]

    def test_a_certificate_for_another_name_is_refused(self, certified: Receiver) -> None:
        result = sending.post(f"https://other.example:{certified.port}/", b"{}", {}, LOCAL, 5)
        assert result.status is None
        assert (result.error or "").startswith("TLS: ")
        assert certified.got == []

    def test_a_certificate_of_nobody_is_refused(self, certified: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        sending.trust.cache_clear()
        result = sending.post(f"https://hooks.example:{certified.port}/", b"{}", {}, LOCAL, 5)
        assert (result.error or "").startswith("TLS: ")


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "certificate.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
