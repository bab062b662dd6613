"""A host name to addresses: one look-up, every answer judged, the answers dialled as they are.

Nothing may look the name up a second time: a server that answers differently each time (DNS
rebinding) would lead a second look-up inside. Callers dial what is returned here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence

import idna

from egress.errors import NotFound, Refused
from egress.policy import Policy

TIMEOUT = 10.0
MAX_HOST = 253
MAX_NAMES = 10_000
# Whatever inet_aton or a browser would read as a number: 0x7f.1, 2130706433, 0177.0.0.1, 127.1
NUMERIC = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(
    host: str,
    port: int,
    policy: Policy,
    *,
    look_up: LookUp | None = None,
    timeout: float = TIMEOUT,
) -> list[str]:
    """The addresses of `host` that `policy` lets through, in the order to try them.

    `host` may be a name, an IPv4 or a bracketed IPv6 address. Raises Refused when the form,
    the port or every address is refused, NotFound when there is none.
    """
    name = canonical_host(host)
    literal = _literal(name)
    if literal is not None:
        answers: Sequence[str] = [literal]
    else:
        try:
            answers = await asyncio.wait_for((look_up or system_look_up)(name, port), timeout)
        except TimeoutError as error:
            raise NotFound(f"the look-up of {name} took more than {timeout:g} s") from error
    return judge(name, port, answers, policy)


class PinnedNames:
    """Addresses of the names of one crawl, looked up once each and kept for its whole life.

    A name that answers differently a second time is never asked a second time. Refusals are
    kept like answers. Belongs to one event loop.
    """

    def __init__(
        self, policy: Policy, *, look_up: LookUp | None = None, timeout: float = TIMEOUT
    ) -> None:
        self.policy = policy
        self._look_up = look_up or system_look_up
        self._timeout = timeout
        self._answers: dict[str, asyncio.Task[Sequence[str]]] = {}

    async def resolve(self, host: str, port: int) -> list[str]:
        """As `resolve`, with at most one look-up a name."""
        name = canonical_host(host)

        async def pinned(name: str, port: int) -> Sequence[str]:
            if name not in self._answers:
                if len(self._answers) >= MAX_NAMES:
                    raise Refused("this crawl has asked for too many host names", "names")
                self._answers[name] = asyncio.ensure_future(self._ask(name, port))
            return await asyncio.shield(self._answers[name])

        return await resolve(name, port, self.policy, look_up=pinned, timeout=2 * self._timeout)

    async def _ask(self, name: str, port: int) -> Sequence[str]:
        try:
            return await asyncio.wait_for(self._look_up(name, port), self._timeout)
        except (NotFound, TimeoutError):
            return ()


def resolve_blocking(host: str, port: int, policy: Policy) -> list[str]:
    """`resolve` for code without an event loop; runs in a worker thread of the caller."""
    name = canonical_host(host)
    literal = _literal(name)
    return judge(name, port, [literal] if literal else _getaddrinfo(name, port), policy)


def judge(name: str, port: int, answers: Sequence[str], policy: Policy) -> list[str]:
    """Those of the answers that may be dialled on this port; raises Refused or NotFound."""
    if not answers:
        raise NotFound(f"{name} has no address")
    good = [answer for answer in dict.fromkeys(answers) if policy.allows(answer)]
    if not good:
        policy.check(answers[0])
    if port in policy.ports:
        return good
    exempt = [answer for answer in good if policy.is_exempt(answer)]
    if not exempt:
        raise Refused(f"port {port} of {name} is none a website uses", "port")
    return exempt


def canonical_host(untrusted_host: str) -> str:
    """Lower case, without brackets and final dot, IDNA as ASCII; raises Refused on odd forms."""
    host = untrusted_host
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if ":" not in host:
            raise Refused("only IPv6 addresses stand in brackets", "host")
    if _literal(host) is not None:
        return host
    try:
        if not host.isascii():
            host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise Refused("a host name is not valid", "host") from error
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    if not host or len(host) > MAX_HOST or not all(map(LABEL.fullmatch, labels)):
        raise Refused("a host name is not valid", "host")
    # A last label that is a number makes an address of a name (WHATWG URL, inet_aton). Full-width
    # digits and ideographic dots have become plain ones by now.
    if NUMERIC.fullmatch(labels[-1]) and _literal(host) is None:
        raise Refused("a host in the form of an unusual number is refused", "host")
    return host


async def system_look_up(name: str, port: int) -> list[str]:
    """The system resolver's answers, from a worker thread."""
    return await asyncio.to_thread(_getaddrinfo, name, port)


def ask_servers(servers: Sequence[str]) -> LookUp:
    """A look-up at those resolvers (addresses, "9.9.9.9" or "127.0.0.1:5353") instead of the
    system's; an IPv6 resolver is written without port."""
    # Here: it takes its time, and few sources have resolvers of their own.
    import dns.asyncresolver
    import dns.exception
    import dns.nameserver

    def nameserver(text: str) -> dns.nameserver.Nameserver:
        host, _, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "53")
        return dns.nameserver.Do53Nameserver(host, int(port))

    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [nameserver(one) for one in servers]
    resolver.lifetime = TIMEOUT

    async def look_up(name: str, port: int) -> list[str]:
        del port
        found: list[str] = []
        for kind in ("A", "AAAA"):
            try:
                answer = await resolver.resolve(name, kind, search=False)
            except dns.exception.DNSException:
                continue
            found += [str(record) for record in answer]
        if not found:
            raise NotFound(f"{name} has no address")
        return found

    return look_up


def _getaddrinfo(name: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise NotFound(f"{name} has no address") from error
    return [str(place[0]) for *_, place in found]


def _literal(host: str) -> str | None:
    """The address when the host is one in its usual form."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
