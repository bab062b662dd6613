"""A source behind a SOCKS5 proxy: names go to the proxy and to nobody else, sources are kept apart,
what leads inside is told to no proxy. And resolvers of a source's own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.rrset
import pytest

from egress.errors import NotFound, Refused
from egress.policy import Policy
from egress.resolve import ask_servers
from egress.socks import check_name
from tests.crawler.socks_server import SocksServer

ONION = "http://vigie2exampleonionservice234567.onion"
LIST = "<main><ul><li><a href='/n/a1'>une note</a></li></ul></main>"
NOTE = "<main><pre>une note en entier, derrière le mandataire</pre></main>"


@pytest.fixture
def socks(hostile: Any) -> Iterator[SocksServer]:
    port = int(hostile.address.rpartition(":")[2])
    server = SocksServer(("127.0.0.1", port))
    yield server
    server.close()


def crawl(watcher: Any, source: Any, start: str, **fields: Any) -> Any:
    fields = {"engine": "generic", "render": "never", "timeout": 5.0, **fields}
    return watcher.crawl(source(start, **fields))


def test_names_go_to_the_proxy_and_sources_are_kept_apart(
    watcher: Any, source: Any, hostile: Any, socks: SocksServer
) -> None:
    hostile.page("/", LIST)
    hostile.page("/n/a1", NOTE)
    found = crawl(watcher, source, ONION, proxy=socks.address, id="one")
    assert "derrière le mandataire" in found.texts
    host = ONION.removeprefix("http://")
    assert {(name, port) for name, port, _ in socks.asked} == {(host, 80)}
    assert found.pages[-1].peer == "", "nobody here knows where the bytes came from"
    first = {user for _, _, user in socks.asked}
    watcher.known.clear()
    socks.asked.clear()
    crawl(watcher, source, ONION, proxy=socks.address, id="two")
    second = {user for _, _, user in socks.asked}
    assert len(first) == len(second) == 1
    assert first != second
    assert "" not in first | second


def test_an_onion_name_is_told_to_no_resolver(watcher: Any, source: Any) -> None:
    found = crawl(watcher, source, ONION)
    assert set(found.kinds) == {"onion"}
    assert found.outcome == "blocked"


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1/", "http://169.254.169.254/", "http://localhost/", "http://router.lan/",
     "http://[::1]/", "http://0x7f.1/"],
)  # fmt: skip
def test_what_leads_inside_is_told_to_no_proxy(
    target: str, watcher: Any, source: Any, hostile: Any, socks: SocksServer
) -> None:
    hostile.page("/", LIST)
    found = crawl(watcher, source, target, proxy=socks.address, allow_addresses=())
    assert set(found.kinds) == {"refused-address"}
    assert socks.asked == []


def test_a_proxy_that_is_down_is_no_reason_to_go_directly(
    watcher: Any, source: Any, hostile: Any
) -> None:
    hostile.page("/", LIST)
    found = crawl(watcher, source, hostile.address, proxy="socks5h://127.0.0.1:9")
    assert found.outcome == "failed"
    assert hostile.asked == []


@pytest.mark.browser
def test_the_browser_goes_through_the_proxy_too(
    watcher: Any, source: Any, hostile: Any, socks: SocksServer
) -> None:
    script = "document.querySelector('main').textContent = 'écrit par le script, ' + 'en entier'"
    hostile.page("/", f"<main></main><script>{script}</script>")
    found = crawl(watcher, source, ONION, proxy=socks.address, render="always", timeout=20.0)
    assert "écrit par le script, en entier" in found.texts
    assert len(socks.asked) >= 2
    assert {user == "" for _, _, user in socks.asked} == {False}


@pytest.mark.parametrize("name", ["printer", "a.local", "x.internal", "b.home.arpa", "127.1"])
def test_names_of_an_inside(name: str) -> None:
    with pytest.raises(Refused):
        check_name(name, 80, Policy())


def test_a_port_no_website_uses_is_told_to_no_proxy() -> None:
    assert check_name("Forum.Example.", 443, Policy()) == "forum.example"
    with pytest.raises(Refused):
        check_name("forum.example", 22, Policy())
    assert check_name("forum.example", 8333, Policy(ports=[8333]))


class Resolver(asyncio.DatagramProtocol):
    """Answers one name with one address."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        name, kind = query.question[0].name, query.question[0].rdtype
        self.asked.append(name.to_text())
        reply = dns.message.make_response(query)
        if name.to_text() == "forum.example." and kind == 1:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "93.184.215.14"))
        self.transport.sendto(reply.to_wire(), addr)


async def test_a_sources_own_resolver_is_asked() -> None:
    loop = asyncio.get_running_loop()
    transport, resolver = await loop.create_datagram_endpoint(
        Resolver, local_addr=("127.0.0.1", 0), family=socket.AF_INET
    )
    port = transport.get_extra_info("sockname")[1]
    look_up = ask_servers([f"127.0.0.1:{port}"])
    assert await look_up("forum.example", 80) == ["93.184.215.14"]
    with pytest.raises(NotFound):
        await look_up("absent.example", 80)
    assert set(resolver.asked) == {"forum.example.", "absent.example."}
    transport.close()
