"""Pages that need JavaScript, and what a hostile one tries from inside the browser."""

from __future__ import annotations

import base64
import hashlib
import socket
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
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
# RFC 6455 section 1.3.
SOCKET_NAME = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
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
    assert set(hostile.asked) == {"/robots.txt", "/"}


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


def test_no_worker_and_no_second_window_changes_anything(
    watcher: Any, source: Any, hostile: Any
) -> None:
    hostile.page(
        "/",
        SHELL
        % """
    const said = `fetch("${location.origin}/delete/5", {method: "POST"}).catch(() => 0);
      fetch("${location.origin}/from-worker").catch(() => 0);`;
    new Worker(URL.createObjectURL(new Blob([said])));
    for (const kind of ["", "noopener"]) window.open("/second", "_blank", kind);
    navigator.serviceWorker.register("/service.js");
    new SharedWorker("/shared.js");
    """,
    )
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert TEXT in found.texts
    assert "/from-worker" in hostile.asked
    assert not {"/delete/5", "/second", "/service.js"} & set(hostile.asked)


IN_FRAMES = """
  const later = (frames) => requestAnimationFrame(() =>
    frames ? later(frames - 1) : say("ce qui vient plus tard"));
  setTimeout(() => later(1), 500);
"""
# About a second of another thread, as a paste's key takes it.
CIPHER = """
  (async () => {
    const raw = new TextEncoder().encode("clé");
    const key = await crypto.subtle.importKey("raw", raw, "PBKDF2", false, ["deriveBits"]);
    const how = {name: "PBKDF2", hash: "SHA-256", salt: raw, iterations: 6e6};
    await crypto.subtle.deriveBits(how, key, 256);
    setTimeout(() => say("ce qui vient plus tard"), 100);
  })();
"""


@pytest.mark.parametrize("script", [IN_FRAMES, CIPHER], ids=["frames", "cipher"])
def test_text_that_takes_real_time(script: str, watcher: Any, source: Any, hostile: Any) -> None:
    said = """
    post.textContent += " et bien davantage encore".repeat(9);
    const say = (text) => { const more = document.createElement("article");
      more.className = "post"; more.textContent = text;
      document.getElementById("app").append(more); };
    """
    hostile.page("/", SHELL % (said + script))
    found = watcher.crawl(source(hostile.address, engine="generic", timeout=15.0))
    assert "ce qui vient plus tard" in found.texts


# While the document's time still runs (its own request is not answered, and what the message leads
# to takes longer than the time behind that), and longer after than an empty page is looked at, but
# less than a socket is given.
@pytest.mark.parametrize(("after", "slow", "timer"), [(0.1, 0.6, 1500), (0.9, 0.0, 300)])
def test_text_that_a_socket_brings_late(
    after: float, slow: float, timer: int, watcher: Any, source: Any, hostile: Any
) -> None:
    def answer(page: socket.socket) -> None:
        time.sleep(slow)
        page.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    def speak(page: socket.socket) -> None:
        key = next(
            line.partition(b": ")[2]
            for line in hostile.heads[-1].split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key:")
        )
        accepted = base64.b64encode(hashlib.sha1(key + SOCKET_NAME, usedforsecurity=False).digest())
        page.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
        )
        time.sleep(after)
        text = b"ce que la prise dit plus tard"
        page.sendall(bytes([0x81, len(text)]) + text)
        time.sleep(1)

    hostile.answers["/socket"] = speak
    hostile.answers["/slow"] = answer
    script = """
    fetch("/slow");
    new WebSocket(`ws://${location.host}/socket`).onmessage = (told) => setTimeout(() => {
      const more = post.cloneNode(); more.textContent = told.data;
      document.getElementById("app").append(more); }, TIMER);
    """
    hostile.page("/", SHELL % script.replace("TIMER", str(timer)))
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert TEXT in found.texts
    assert "ce que la prise dit plus tard" in found.texts


def test_a_socket_that_never_speaks_is_waited_for_a_moment(
    watcher: Any, source: Any, hostile: Any
) -> None:
    hostile.answers["/socket"] = lambda _page: time.sleep(8)
    hostile.page("/", SHELL % "new WebSocket(`ws://${location.host}/socket`);")
    began = time.monotonic()
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert TEXT in found.texts
    assert time.monotonic() - began < 7


def test_nobody_else_goes_out_through_the_proxy_of_the_browser(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    """Another process on this machine that found its port."""
    answers: list[bytes] = []
    lines: list[str] = []

    def look_around(page: socket.socket) -> None:
        answers.append(asked_through(_listens(page.getpeername()), f"{hostile.address}/other"))
        all_lines = (one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"]))
        lines.extend(" ".join(line) for line in all_lines)
        page.sendall(reply(b"seen"))

    hostile.answers["/look"] = look_around
    hostile.page("/", SHELL % "fetch('/look');")
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert TEXT in found.texts
    assert [answer.split(b" ")[1] for answer in answers] == [b"407"]
    assert "/other" not in hostile.asked
    assert any("--proxy-server=http://127.0.0.1:" in line for line in lines)
    assert not any("vigie:" in line for line in lines), "the credential stands in no process list"


def _listens(peer: tuple[str, int]) -> int:
    """The port on which the process with this end of a connection listens."""
    (pid,) = {one.pid for one in psutil.net_connections("tcp4") if one.laddr == peer}
    (port,) = {
        one.laddr.port
        for one in psutil.Process(pid).net_connections("tcp4")
        if one.status == psutil.CONN_LISTEN
    }
    return port


def asked_through(port: int, address: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as proxy:
        proxy.sendall(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return proxy.recv(4096)


def test_what_waits_when_the_browser_proves_needed_is_not_fetched_in_vain(
    watcher: Any, source: Any, hostile: Any
) -> None:
    rows = "".join(f"<li><a href='/p/{n}'>note {n} ici</a></li>" for n in range(8))
    hostile.page("/", f"<main><ul>{rows}</ul></main>")
    for number in range(8):
        hostile.page(f"/p/{number}", SHELL.replace("cette page", f"la page {number}") % "")
    found = watcher.crawl(source(hostile.address, engine="generic", concurrency=1))
    assert all(f"la page {number}" in found.texts for number in range(8))
    asked = Counter(path for path in hostile.asked if path.startswith("/p/"))
    assert sum(asked.values()) <= 12, "the first three, and one that was under way"


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
    # On a busy machine the loop begins before the page is seen to be open.
    assert later.kinds in (["timeout"], ["render-timeout"])
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
