"""A person's session becomes a cookie file that crawls read; here a script is the person."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import psutil
import pytest

from crawler.by_hand import cookies_of_a_session
from crawler.cookies import parse
from crawler.runfolder import RunFolder
from crawler.source import Account
from tests.crawler.test_accounts import Gate, crawl
from vigie.credentials import save_cookies

pytestmark = pytest.mark.browser


async def person(page: Any) -> None:
    await page.click("text=Log in")
    await page.fill("input[name=who]", "observer")
    await page.fill("input[name=secret]", "geheim")
    await page.click("input[type=submit]")
    await page.wait_for_selector("text=Log out")


async def test_a_session_opened_by_hand_is_used_by_crawls(
    watcher: Any, source: Any, hostile: Any, reply: Any, tmp_path: Path
) -> None:
    gate = Gate(hostile, reply, 100)
    spec = source(hostile.address)
    with RunFolder() as folder:
        found = await cookies_of_a_session(spec, person, folder.new(), headless=True)
    assert gate.log_ins == 1
    file = tmp_path / "cookies"
    save_cookies(file, found)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = tuple(parse(file.read_text()))
    crawled = crawl(watcher, source, hostile, Account("observer", cookies=kept))
    assert len(crawled.posts) == 3
    assert gate.log_ins == 1


async def test_the_guard_holds_for_a_person_too(source: Any, hostile: Any, reply: Any) -> None:
    Gate(hostile, reply, 100)
    spec = source(hostile.address, allow_addresses=())

    async def look(page: Any) -> None:
        assert "egress guard" in await page.content()

    with RunFolder() as folder:
        assert await cookies_of_a_session(spec, look, folder.new(), headless=True) == []
    assert hostile.asked == []


async def test_nobody_else_goes_out_through_its_proxy(
    source: Any, hostile: Any, reply: Any
) -> None:
    """Another program on the machine that finds the port has no credential."""
    Gate(hostile, reply, 100)
    told: list[bytes] = []

    async def look(_page: Any) -> None:
        own = int(hostile.address.rpartition(":")[2])
        for port in set(listening()) - {own}:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {hostile.address}/n/a1 HTTP/1.1\r\n\r\n".encode())
            told.append(await asyncio.wait_for(reader.read(40), 5))
            writer.close()
        assert "/n/a1" not in hostile.asked

    with RunFolder() as folder:
        await cookies_of_a_session(source(hostile.address), look, folder.new(), headless=True)
    assert any(answer.startswith(b"HTTP/1.1 407") for answer in told)


def listening() -> list[int]:
    """The ports of this very process on loopback, but for the site's own."""
    own = psutil.Process().net_connections(kind="tcp")
    return [c.laddr.port for c in own if c.status == "LISTEN" and c.laddr.ip == "127.0.0.1"]
