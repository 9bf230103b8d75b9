"""Accounts, keys and tokens as the tests need them; everything through the real services, on names of its own."""

import functools
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt as pyjwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from flask import Flask

from oms.accounts import api_keys, credentials, passwords, sign_in, tokens, users
from oms.accounts.actor import system
from oms.accounts.api_keys import NewKey
from oms.accounts.credentials import Credential
from oms.accounts.tokens import TokenPair
from oms.accounts.users import Account
from oms.config import Settings
from oms.ids import new_id
from oms.transactions import transaction

PASSWORD = "correct horse battery"
PROJECT = "oms-test"
SECRET, OTHER_SECRET = "s" * 40, "o" * 40
PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def unique_email() -> str:
    return f"{new_id().lower()}@example.com"


@functools.cache
def hashed(password: str) -> str:
    return passwords.hash_password(password)


def registered(role: str = "customer", *, email: str | None = None, password_hash: str | None = None) -> Account:
    """A user with `PASSWORD`."""
    return transaction(
        lambda session: users.register(session, email or unique_email(), password_hash or hashed(PASSWORD), role)
    )


def signed_in(account: Account) -> TokenPair:
    """A session of its own, by password."""
    user = sign_in.authenticate(account.email or "", PASSWORD)
    return tokens.issue(transaction(lambda session: sign_in.open_family(session, user)))


def shown(pair: TokenPair) -> Credential:
    return credentials.of_bearer(pair.access_token)


def api_key(*scopes: str, expires_in_days: int | None = None) -> NewKey:
    wanted = scopes or ("orders:read",)
    return transaction(lambda session: api_keys.create(session, system("tests"), "warehouse", wanted, expires_in_days))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def settings(**overrides: str) -> Settings:
    environ = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "JWT_SECRET_KEY": SECRET,
    }
    return Settings.from_env({**environ, **overrides})


def token_app(**overrides: str) -> Flask:
    """An application that can do nothing but issue and verify tokens."""
    app = Flask("tokens")
    app.config["OMS_SETTINGS"] = settings(**overrides)
    tokens.bind_jwt(app, app.config["OMS_SETTINGS"])
    return app


@functools.cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Cached by name: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def ed25519_key(name: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def private_pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def public_pem(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def certificate(key: PrivateKey) -> str:
    """A self-signed certificate, as Firebase publishes them."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    builder = builder.public_key(key.public_key()).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    algorithm = hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey) else None
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


def firebase_token(uid: str, *, key: str = "k1", kid: str | None = None, **claims: Any) -> str:
    """An ID token as Firebase signs it; a claim of None is left out."""
    now = int(time.time())
    wanted = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": uid,
        "iat": now - 10,
        "exp": now + 3600,
        "auth_time": now - 20,
        **claims,
    }
    payload = {name: value for name, value in wanted.items() if value is not None}
    return pyjwt.encode(payload, rsa_key(key), "RS256", headers={"kid": kid or key})


@dataclass
class KeyServer:
    """Google's key server, on this machine; counts how often it is asked."""

    url: str = ""
    document: Any = None
    cache_control: str = "public, max-age=20000"
    status: int = 200
    asked: int = 0
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def key_server(document: Mapping[str, Any]) -> Iterator[KeyServer]:
    state = KeyServer(document=document)
    state.released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            state.released.wait(5)
            body = state.document if isinstance(state.document, bytes) else json.dumps(state.document).encode()
            self.send_response(state.status)
            self.send_header("Cache-Control", state.cache_control)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/keys"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
