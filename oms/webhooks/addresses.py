"""Where a webhook may go: no address of our own network, whatever a name resolves to.

A URL is looked at when it is saved, so that mistakes are told at once, and again when it is called: the connection goes
to the very addresses that were checked then, so a name that changes its mind in between reaches nothing.
"""

import ipaddress
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from oms.config import Settings
from oms.errors import Invalid

Address = IPv4Address | IPv6Address
MAX_URL = 2000
RESOLVE_SECONDS = 3.0
# Below 1024 are services that a request could do harm to.
LOW_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024
# An IPv4 address within an IPv6 one: translation (NAT64) and 6to4.
_NAT64, _6TO4 = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("2002::/16")


class Refused(Exception):
    """This may not be called, or not be found; the message is for people."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be called besides https on public addresses."""

    allow_http: bool
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        networks = tuple(ipaddress.ip_network(network) for network in settings.webhook_allowed_networks)
        return cls(settings.webhook_allow_http, networks)

    def permit(self, address: Address) -> bool:
        """Whether a connection may go there."""
        meant = _meant(address)
        listed = any(meant in network for network in self.networks if network.version == meant.version)
        return listed or _is_public(meant)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `path` has the query too."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


def check(url: str, rules: Rules) -> None:
    """For a URL that is being saved; raises `Invalid` (url_refused, at /url)."""
    try:
        target = parse(url, rules)
        resolve(target, rules)
    except Refused as error:
        raise Invalid.at("/url", str(error), code="url_refused") from error


def parse(url: str, rules: Rules) -> Target:
    """Raises `Refused`."""
    if len(url) > MAX_URL or not url.isascii() or any(character <= " " for character in url) or "\\" in url:
        raise Refused(f"A URL has up to {MAX_URL} printable ASCII characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("Not a URL.") from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Refused("A URL such as https://example.com/hooks is needed.")
    if parts.scheme == "http" and not rules.allow_http:
        raise Refused("Only https is allowed.")
    if "@" in parts.netloc:
        raise Refused("A URL with a user name or a password is not allowed.")
    if parts.fragment:
        raise Refused("A URL with a fragment is not allowed.")
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    if port < FIRST_FREE_PORT and port not in LOW_PORTS:
        raise Refused(f"Ports are 80, 443 and {FIRST_FREE_PORT} to 65535.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, path)


def resolve(target: Target, rules: Rules, seconds: float = RESOLVE_SECONDS) -> list[str]:
    """The addresses to connect to, in the order to try them; raises `Refused` unless all of them are permitted."""
    found = _looked_up(target, seconds)
    if not found:
        raise Refused("The host name is not known.")
    addresses = [ipaddress.ip_address(address.partition("%")[0]) for address in found]
    if not all(rules.permit(address) for address in addresses):
        raise Refused("The host has an address that webhooks may not go to.")
    return found


def _looked_up(target: Target, seconds: float) -> list[str]:
    """Asked in a thread of its own: the resolver keeps no time limit."""
    found: dict[str, None] = {}

    def ask() -> None:
        try:
            for *_, address in socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM):
                found[str(address[0])] = None
        except (OSError, UnicodeError):
            return

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return [] if asking.is_alive() else list(found)


def _meant(address: Address) -> Address:
    """The IPv4 address within an IPv6 one, where that is what is called in the end."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    ours = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not ours and not (isinstance(address, IPv6Address) and address.is_site_local)
