"""Pages of the browser, used again and closed in time."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from crawler import tabs
from crawler.browser import GuardedBrowser
from crawler.errors import RenderFailed
from crawler.tabs import Tabs
from egress.policy import Policy

pytestmark = pytest.mark.browser


async def look_up(name: str, _port: int) -> list[str]:
    return [name]


def shown(pages: Tabs, address: str, *paths: str) -> tuple[list[str], list[set[str]]]:
    """What is shown at each path, and the contexts that the browser then had."""

    async def all_of_them() -> tuple[list[str], list[set[str]]]:
        texts, contexts = [], []
        try:
            for path in paths:
                texts.append((await pages.show(f"{address}{path}", [], 10.0)).html)
                assert pages.window is not None
                told = await pages.window.tools.send("Target.getBrowserContexts")
                contexts.append(set(told["browserContextIds"]))
        finally:
            await pages.close()
        return texts, contexts

    return asyncio.run(all_of_them())


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tabs:
    monkeypatch.chdir(tmp_path)
    guarded = GuardedBrowser(Policy(("127.0.0.0/8",)), look_up, None)
    return Tabs(guarded, 2, lambda _asked: False, "Vigie")


def test_a_page_is_used_again_and_closed_after_some(
    pages: Tabs, hostile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabs, "USES", 2)
    for number in range(5):
        hostile.page(f"/{number}", f"<main>page {number}</main><script>1</script>")
    texts, contexts = shown(pages, hostile.address, *(f"/{number}" for number in range(5)))
    assert [f"page {number}" in text for number, text in enumerate(texts)] == [True] * 5
    # Closed after its second page; the fifth page has the third context.
    assert [len(there) for there in contexts] == [1, 0, 1, 0, 1]
    assert len(set.union(*contexts)) == 3


def test_another_fragment_is_another_page(pages: Tabs, hostile: Any) -> None:
    """What a script makes of the part behind "#" (PrivateBin's key) is made anew."""
    hostile.page("/", "<main></main><script>document.body.append('clé ' + location.hash)</script>")
    texts, contexts = shown(pages, hostile.address, "/#one", "/#two", "/#two")
    assert ["clé #one" in texts[0], "clé #two" in texts[1], "clé #two" in texts[2]] == [True] * 3
    assert hostile.asked.count("/") == 3
    assert len(set.union(*contexts)) == 1, "no page was given up for it"


@pytest.mark.parametrize("kind", ["", "noopener"])
def test_a_second_window_asks_for_nothing(kind: str, pages: Tabs, hostile: Any) -> None:
    """One that a person's click would open: Chromium itself lets no other be opened."""
    hostile.page("/", "<main>page</main>")

    async def click() -> None:
        try:
            await pages.show(hostile.address + "/", [], 10.0)
            assert pages.window is not None
            tools, (session,) = pages.window.tools, pages.window.sessions
            opened = f"window.open('/second', '_blank', '{kind}') && 1"
            given = {"expression": opened, "userGesture": True}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await tools.send("Runtime.evaluate", given, session)
                    await asyncio.sleep(1)
        finally:
            await pages.close()

    asyncio.run(click())
    assert "/second" not in hostile.asked


def test_a_renderer_that_crashes_costs_its_page(pages: Tabs, hostile: Any) -> None:
    hostile.page("/", "<main>page</main>")

    async def crash() -> str:
        try:
            await pages.show(hostile.address + "/", [], 10.0)
            with pytest.raises(RenderFailed):
                await pages.show("chrome://crash/", [], 10.0)
            return (await pages.show(hostile.address + "/", [], 10.0)).html
        finally:
            await pages.close()

    began = asyncio.run(crash())
    assert "page" in began
