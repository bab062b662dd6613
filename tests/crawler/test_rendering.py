"""Pages that need JavaScript, and what a hostile one tries from inside the browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from crawler.forkserver import ForkServer
from crawler.pages import Page, Reading
from crawler.rendering import needs_script

pytestmark = pytest.mark.browser

SHELL = """<!doctype html><meta charset=utf-8><main id=app></main><script>
const post = document.createElement("article"); post.className = "post";
post.textContent = "le texte que seul le script " + "écrit sur cette page";
%s
setTimeout(() => document.getElementById("app").append(post), 200);
</script>"""
TEXT = "le texte que seul le script écrit sur cette page"


def test_a_page_is_rendered_only_when_it_shows_nothing_and_has_scripts() -> None:
    with_script = Page("http://x.example/", b"<script>1</script>")
    without = Page("http://x.example/", b"<p>")
    assert needs_script(with_script, Reading())
    assert not needs_script(without, Reading())
    assert not needs_script(with_script, Reading(is_list=True))
    rendered = Page("http://x.example/", b"<script>1</script>", rendered=True)
    assert not needs_script(rendered, Reading())


def test_static_first_then_rendered(watcher: Any, source: Any, hostile: Any) -> None:
    hostile.page("/", SHELL % "")
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert TEXT in found.texts
    assert [page.rendered for page in found.pages] == [True]
    assert found.pages[0].peer == hostile.address.removeprefix("http://")
    never = watcher.crawl(source(hostile.address, engine="generic", render="never"))
    assert not never.posts


def test_the_browser_goes_nowhere_the_source_may_not(
    watcher: Any, source: Any, hostile: Any, canary: Any, reply: Any
) -> None:
    place, hits = canary
    attempts = f"""
    fetch("http://{place}/fetch", {{mode: "no-cors"}}).catch(() => 0);
    fetch("/hop", {{mode: "no-cors"}}).catch(() => 0);
    new WebSocket("ws://{place}/socket");
    const inner = document.createElement("iframe"); inner.src = "http://{place}/frame";
    document.body.append(inner);
    const hop = document.createElement("iframe"); hop.src = "/hop"; document.body.append(hop);
    navigator.sendBeacon("http://{place}/beacon", "x");
    const link = document.createElement("link"); link.rel = "prefetch";
    link.href = "http://{place}/prefetch"; document.head.append(link);
    const script = document.createElement("script"); script.src = "http://{place}/script";
    document.head.append(script);
    """
    hostile.page("/", SHELL % attempts)
    hostile.answers["/hop"] = reply(
        b"", status="302 Found", more=f"Location: http://{place}/hop\r\n"
    )
    spec = source(hostile.address, engine="generic", allow_addresses=("127.0.0.1/32",))
    found = watcher.crawl(spec)
    assert TEXT in found.texts
    assert "/hop" in hostile.asked
    assert hits == []
    watcher.crawl(source(hostile.address, id="open", engine="generic"))
    assert hits, "the canary must be reachable when its network is listed"


def test_nothing_is_sent_and_nothing_useless_is_loaded(
    watcher: Any, source: Any, hostile: Any
) -> None:
    hostile.page(
        "/",
        SHELL
        % """
    fetch("/markread", {method: "POST", body: "x"}).catch(() => 0);
    const shown = document.createElement("img"); shown.src = "/picture.png";
    document.body.append(shown);
    """,
    )
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert TEXT in found.texts
    assert "/markread" not in hostile.asked
    assert "/picture.png" not in hostile.asked


def test_the_browser_calls_nobody_else(
    watcher: Any, source: Any, hostile: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Chromium is told not to call its maker: its proxy sees this one host and no other name."""
    log = tmp_path / "names"
    (tmp_path / "sitecustomize.py").write_text(
        "import egress.resolve as r, pathlib\n"
        "real = r.system_look_up\n"
        "def record(name, port):\n"
        f"    with open({str(log)!r}, 'a') as f: f.write(name + '\\n')\n"
        "    return real(name, port)\n"
        "r.system_look_up = record\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    hostile.page("/", SHELL % "setTimeout(() => document.title = 'late', 3000);")
    with ForkServer() as forks:
        watcher.forks = forks
        found = watcher.crawl(
            source(hostile.address.replace("127.0.0.1", "localhost"), engine="generic")
        )
    assert TEXT in found.texts
    assert set(log.read_text().split()) == {"localhost"}


def test_a_page_over_the_bound(watcher: Any, source: Any, hostile: Any) -> None:
    hostile.page(
        "/",
        "<main id=a hidden></main><script>a.textContent='x'.repeat(40000000)</script>",
    )
    found = watcher.crawl(source(hostile.address, engine="generic", timeout=20.0))
    assert found.kinds == ["too-large"]
    assert found.outcome == "failed"


def test_dialogs_and_endless_scripts_end(watcher: Any, source: Any, hostile: Any) -> None:
    hostile.page(
        "/",
        SHELL % "for (let i = 0; i < 3; i++) alert('a'); setInterval(() => fetch('/poll'), 50);",
    )
    started = time.monotonic()
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert TEXT in found.texts
    assert time.monotonic() - started < 20
    hostile.page("/", "<main></main><script>for (;;) {}</script>")
    stuck = watcher.crawl(source(hostile.address, engine="generic", timeout=3.0))
    assert stuck.kinds == ["render-timeout"]
    hostile.page("/", "<main></main><script>setTimeout(() => { for (;;) {} }, 300)</script>")
    later = watcher.crawl(source(hostile.address, engine="generic", timeout=1.0))
    assert later.kinds == ["timeout"]
    assert later.status == 0


def test_no_chromium_is_one_sentence_and_stops_nothing_else(
    watcher: Any, source: Any, hostile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_CHROMIUM", "/nowhere/chromium")
    hostile.page(
        "/",
        "<main><ul><li><a href='/p/5'>une page</a> 5</li>"
        "<li><a href='/s/7'>autre</a> 6</li></ul></main>",
    )
    hostile.page("/p/5", SHELL % "")
    hostile.page("/s/7", "<main><article class=post>une page toute simple à lire</article></main>")
    with ForkServer() as forks:
        watcher.forks = forks
        found = watcher.crawl(source(hostile.address, engine="generic"))
        assert found.kinds == ["no-browser"]
        assert "une page toute simple à lire" in found.texts
        hostile.page("/", SHELL % "")
        blocked = watcher.crawl(source(hostile.address, engine="generic"))
    assert blocked.outcome == "blocked"


def test_no_browser_outlives_its_crawl(
    watcher: Any, source: Any, hostile: Any, tmp_path: Path
) -> None:
    hostile.page("/", "<main></main><script>for (;;) {}</script>")
    folder = tmp_path / "killed"
    folder.mkdir()
    spec = source(hostile.address, engine="generic", render="always", timeout=30.0)
    with watcher.forks.start(spec, [], folder) as child:
        deadline = time.monotonic() + 20
        while not browsers(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert browsers(folder)
        time.sleep(1)
        child.kill()
        assert child.wait(5) is not None
    deadline = time.monotonic() + 5
    while browsers(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not browsers(folder)


def test_what_outlives_a_child_is_ended(
    watcher: Any, source: Any, hostile: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that leads a session of its own and does not notice that its driver is gone."""
    stubborn = tmp_path / "stubborn"
    stubborn.write_text("#!/bin/sh\nsetsid sleep 300 &\nexec setsid sleep 300\n")
    stubborn.chmod(0o700)
    monkeypatch.setenv("VIGIE_CHROMIUM", str(stubborn))
    hostile.page("/", SHELL % "")
    folder = tmp_path / "killed"
    folder.mkdir()
    with (
        ForkServer() as forks,
        forks.start(source(hostile.address, engine="generic"), [], folder) as child,
    ):
        deadline = time.monotonic() + 20
        while len([b for b in browsers(folder) if "sleep" in b]) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        child.kill()
        assert child.wait(5) is not None
        deadline = time.monotonic() + 5
        while browsers(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not browsers(folder)


def browsers(folder: Path) -> list[str]:
    """Processes whose environment names the folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().decode("utf-8", "replace")[:40])
        except OSError:
            continue
    return found
