"""A connection through a SOCKS5 proxy that looks the name up itself (RFC 1928, RFC 1929).

The name goes to the proxy and to no resolver here, so that an onion name, or whom we watch, is
told to nobody else. A user name and password of a source's own keep its connections apart from
those of others (Tor: IsolateSOCKSAuth).
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass, field

from socksio import ProtocolError, socks5

from egress.errors import EgressError, Refused
from egress.policy import Policy
from egress.resolve import canonical_host

# Names that the proxy's own machine would answer from its inside.
INSIDE = ("localhost", "local", "internal", "home.arpa", "localdomain", "lan", "intranet")
REPLY = 512


@dataclass(frozen=True, slots=True)
class SocksProxy:
    """Where the proxy is, and who asks. `host` is looked up by the system."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)


def check_name(host: str, port: int, policy: Policy) -> str:
    """The host as it may be told to a proxy; raises Refused.

    Nothing is looked up here, so what the name leads to is the proxy's to know: literal addresses
    are judged as ever, names that mean somebody's inside are refused.
    """
    name = canonical_host(host)
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if "." not in name or any(name == one or name.endswith(f".{one}") for one in INSIDE):
            raise Refused("a name that leads inside is not told to a proxy", "host") from None
        if port not in policy.ports:
            raise Refused(f"port {port} of {name} is none a website uses", "port") from None
        return name
    policy.check(name)
    if port not in policy.ports and not policy.is_exempt(name):
        raise Refused(f"port {port} of {name} is none a website uses", "port")
    return name


async def connect(
    proxy: SocksProxy, host: str, port: int, *, limit: int = 64 * 1024
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to `host` by way of the proxy; raises OSError or EgressError."""
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port, limit=limit)
    try:
        await _greet(reader, writer, proxy, host, port)
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def _greet(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    proxy: SocksProxy,
    host: str,
    port: int,
) -> None:
    talk = socks5.SOCKS5Connection()
    method = (
        socks5.SOCKS5AuthMethod.USERNAME_PASSWORD
        if proxy.username
        else socks5.SOCKS5AuthMethod.NO_AUTH_REQUIRED
    )
    try:
        talk.send(socks5.SOCKS5AuthMethodsRequest([method]))
        chosen = await _exchange(talk, reader, writer)
        if not isinstance(chosen, socks5.SOCKS5AuthReply) or chosen.method != method:
            raise EgressError("the SOCKS proxy does not take the way of logging in")
        if proxy.username:
            talk.send(
                socks5.SOCKS5UsernamePasswordRequest(
                    proxy.username.encode(), proxy.password.encode()
                )
            )
            answer = await _exchange(talk, reader, writer)
            if not isinstance(answer, socks5.SOCKS5UsernamePasswordReply) or not answer.success:
                raise EgressError("the SOCKS proxy refuses the user name")
        talk.send(
            socks5.SOCKS5CommandRequest.from_address(socks5.SOCKS5Command.CONNECT, (host, port))
        )
        reply = await _exchange(talk, reader, writer)
    except ProtocolError as error:
        raise EgressError("the SOCKS proxy answers something that is no SOCKS5") from error
    if not isinstance(reply, socks5.SOCKS5Reply) or (
        reply.reply_code != socks5.SOCKS5ReplyCode.SUCCEEDED
    ):
        raise EgressError("the SOCKS proxy reaches no such host")


async def _exchange(
    talk: socks5.SOCKS5Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> object:
    writer.write(talk.data_to_send())
    await writer.drain()
    received = await reader.read(REPLY)
    if not received:
        raise EgressError("the SOCKS proxy closed the connection")
    return talk.receive_data(received)
