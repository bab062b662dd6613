"""Which network addresses may be dialled: public unicast ones, and networks an operator named.

`ipaddress.is_global` alone is a trap: it is true for NAT64, 6to4, IPv4-compatible, site-local
and multicast forms that lead inside. Every embedded IPv4 address is therefore unwrapped and
judged too, and the IPv6 space is an allow-list (2000::/3 less what is special in it).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from egress.errors import EgressError, Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# RFC 6890 and the IANA special-purpose registries, with the reason an error gives.
SPECIAL_4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier"),
        ("127.0.0.0/8", "this machine"),
        ("169.254.0.0/16", "link-local, where cloud metadata is"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
        # Public by number, yet a cloud's inside: Azure's and Oracle's metadata and agents.
        ("168.63.129.16/32", "cloud metadata"),
        ("192.0.0.192/32", "cloud metadata"),
    )
)
UNICAST_6 = IPv6Network("2000::/3")
SPECIAL_6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
    )
)
WEB_PORTS = frozenset({80, 443, 8080, 8443})
NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
COMPATIBLE = IPv6Network("::/96")
TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765
ISATAP = (0x00005EFE, 0x02005EFE)


class Policy:
    """The rule of one source: public addresses and the networks in `allow`.

    `allow` holds networks in CIDR form that are refused otherwise, for tests and intranets.
    `ports` are those of the source's own addresses, beside the usual ones of websites.
    Raises EgressError when one of them is none.
    """

    def __init__(self, allow: Sequence[str] = (), ports: Sequence[int] = ()) -> None:
        self.allow: tuple[Network, ...] = tuple(_network(text) for text in allow)
        self.ports: frozenset[int] = WEB_PORTS | frozenset(ports)

    def check(self, ip: str) -> None:
        """Return when `ip` may be dialled; raises Refused with the reason."""
        address = _address(ip)
        reason = self._reason(address)
        if reason:
            raise Refused(
                f"{address} is {reason}; it is dialled only when the source's allow_addresses "
                "holds its network"
            )

    def allows(self, ip: str) -> bool:
        """Whether `check` would return."""
        try:
            self.check(ip)
        except Refused:
            return False
        return True

    def is_exempt(self, ip: str) -> bool:
        """Whether the operator named this address's network: it may use any port."""
        address = _address(ip)
        return self._is_named(address) and not self._reason(address)

    def _reason(self, address: Address) -> str:
        if isinstance(address, IPv4Address) or not self._is_named(address):
            return "" if self._is_named(address) else why_refused(address)
        # Naming a translator's network does not open what lies behind it.
        for embedded in _embedded(address):
            reason = "" if self._is_named(embedded) else _special_4(embedded)
            if reason:
                return f"another form of an address that is {reason}"
        return ""

    def _is_named(self, address: Address) -> bool:
        """Whether the operator named the address, or the IPv4 one it is dialled as."""
        forms: list[Address] = [address]
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            forms.append(address.ipv4_mapped)
        return any(form in network for form in forms for network in self.allow)


def why_refused(address: Address) -> str:
    """The reason an address is not public unicast, or ""."""
    if isinstance(address, IPv4Address):
        return _special_4(address)
    if address.scope_id:
        return "bound to one interface"
    for embedded in _embedded(address):
        reason = _special_4(embedded)
        if reason:
            return f"another form of an address that is {reason}"
    for network, reason in SPECIAL_6:
        if address in network:
            return reason
    if address in UNICAST_6 or _is_public_wrapper(address):
        return ""
    return "no public unicast address"


def _is_public_wrapper(address: IPv6Address) -> bool:
    """An IPv4-mapped address is dialled as IPv4; its IPv4 part was judged before."""
    return address.ipv4_mapped is not None


def _special_4(address: IPv4Address) -> str:
    for network, reason in SPECIAL_4:
        if address in network:
            return reason
    return ""


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """Every IPv4 address this one may be turned into on its way."""
    number = int(address)
    low = IPv4Address(number & 0xFFFFFFFF)
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if (
        (address in COMPATIBLE and number > 1)
        or address in TRANSLATED
        or any(address in net for net in NAT64)
    ):
        yield low
    if (number >> 32) & 0xFFFFFFFF in ISATAP:
        yield low


def _address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise Refused("this is no network address in its usual form") from error


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise EgressError(
            f"allow_addresses: {text!r} is no network; write it like 127.0.0.0/8"
        ) from error
