"""A site that lies, loops, drips or points inside costs its own page and nothing else.

Every fault stands beside a healthy paste on the same list: that one is always read.
"""

from __future__ import annotations

import gzip
import sys
import time
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest

from crawler.bounds import MAX_BODY
from crawler.settings import MAX_REDIRECTS
from tests.crawler.conftest import HEALTHY

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def crawl(watcher: Any, source: Any, hostile: Any, **fields: Any) -> Any:
    fields = {"engine": "generic", "render": "never", "timeout": 2.0, **fields}
    found = watcher.crawl(source(hostile.address, **fields))
    assert found.status == 0
    return found


def healthy(found: Any) -> None:
    assert HEALTHY in found.texts
    assert found.outcome == "finished"


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "data:text/html,hello",
    ],
)
def test_redirect_to_the_inside_is_not_followed(
    target: str, watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any
) -> None:
    listing("/n/bad1")
    hostile.answers["/n/bad1"] = reply(b"", status="302 Found", more=f"Location: {target}\r\n")
    found = crawl(watcher, source, hostile)
    healthy(found)
    assert found.kinds[0] in {"off-site", "bad-scheme"}


def test_a_listed_host_is_dialled_only_at_an_allowed_address(
    watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any, canary: Any
) -> None:
    """Following the host is allowed here; its address is not."""
    place, hits = canary
    listing("/n/bad1")
    hostile.answers["/n/bad1"] = reply(
        b"", status="302 Found", more=f"Location: http://{place}/\r\n"
    )
    found = crawl(
        watcher, source, hostile, follow_hosts=(place,), allow_addresses=("127.0.0.1/32",)
    )
    healthy(found)
    assert found.kinds == ["refused-address"]
    assert hits == []
    reached = crawl(watcher, source, hostile, follow_hosts=(place,))
    assert hits, "the canary must be reachable when its network is listed"
    assert "refused-address" not in reached.kinds


def test_a_start_address_inside_is_refused(watcher: Any, source: Any, hostile: Any) -> None:
    hostile.page("/", "<main>hello</main>")
    found = crawl(watcher, source, hostile, allow_addresses=())
    assert found.outcome == "blocked"
    assert set(found.kinds) == {"refused-address"}
    assert hostile.asked == []


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_compressed_bomb(
    coding: str, watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any
) -> None:
    listing("/n/bad1")
    zeros = b"\0" * 200_000_000
    makers: dict[str, Any] = {
        "gzip": lambda: gzip.compress(zeros, 1),
        "br": lambda: brotli.compress(zeros, quality=1),
        "zstd": lambda: zstd.compress(zeros, 1),
    }
    hostile.answers["/n/bad1"] = reply(makers[coding](), more=f"Content-Encoding: {coding}\r\n")
    spec = source(hostile.address, engine="generic", render="never", timeout=2.0)
    found = watcher.crawl(spec)
    healthy(found)
    assert found.kinds == ["too-large"]
    assert found.status == 0
    assert found.peak < 3 * MAX_BODY + 200 * 1024 * 1024 < 2**30


def test_half_a_body_is_reported_retried_and_not_marked(
    watcher: Any, source: Any, hostile: Any, listing: Any
) -> None:
    listing("/n/bad1")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\n"
    hostile.answers["/n/bad1"] = head + b"half of it"
    found = crawl(watcher, source, hostile)
    healthy(found)
    assert found.kinds == ["truncated"]
    assert hostile.asked.count("/n/bad1") == 3
    hostile.page("/n/bad1", "<main><pre>le reste de ce texte est enfin venu</pre></main>")
    again = crawl(watcher, source, hostile)
    assert "le reste de ce texte est enfin venu" in again.texts
    assert HEALTHY not in again.texts


def test_a_drip_ends_at_the_time_out(watcher: Any, source: Any, hostile: Any, listing: Any) -> None:
    def drip(sock: Any) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        for _ in range(300):
            sock.sendall(b".")
            time.sleep(0.1)

    listing("/n/bad1")
    hostile.answers["/n/bad1"] = drip
    started = time.monotonic()
    found = crawl(watcher, source, hostile, timeout=1.0)
    healthy(found)
    assert found.kinds == ["timeout"]
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("403 Forbidden", "forbidden"),
        ("404 Not Found", "gone"),
        ("500 Oops", "server-error"),
        ("429 Slow", "busy"),
    ],
)
def test_status_codes(
    status: str, kind: str, watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any
) -> None:
    listing("/n/bad1")
    hostile.answers["/n/bad1"] = reply(
        b"<main>some words of an error page here</main>", status=status
    )
    found = crawl(watcher, source, hostile)
    healthy(found)
    assert found.kinds == [kind]
    assert "error page" not in found.texts


def test_redirect_loop(watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any) -> None:
    listing("/n/bad1")
    hostile.answers["/n/bad1"] = reply(b"", status="302 Found", more="Location: /n/bad1\r\n")
    found = crawl(watcher, source, hostile)
    healthy(found)
    assert found.kinds == ["redirect-loop"]
    assert hostile.asked.count("/n/bad1") <= MAX_REDIRECTS + 1


def test_endless_pages_end_at_the_bound(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    def more(path: str) -> Any:
        number = int(path.partition("page=")[2] or 1)
        rows = f"<li><a href='/n/a{number}b'>note numéro {number}</a></li>"
        onward = f"<a rel=next href='/?page={number + 1}'>next</a>"
        if path.startswith("/n/"):
            return reply(f"<main><pre>texte de la note {path} en entier</pre></main>".encode())
        return reply(f"<main><ul>{rows}</ul>{onward}</main>".encode())

    hostile.fallback = more
    found = crawl(watcher, source, hostile, max_pages=30)
    assert found.outcome == "budget"
    assert found.kinds == ["budget"]
    assert len(hostile.asked) <= 32
    assert found.posts


def test_a_list_that_repeats_itself_ends(
    watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any
) -> None:
    listing()
    first = hostile.answers["/"]
    hostile.fallback = lambda path: (
        reply(
            b"<main><ul><li><a href='/n/ok1'>note saine</a></li></ul>"
            + f"<a rel=next href='/?page={int(path.partition('page=')[2] or 1) + 1}'>n</a>".encode()
            + b"</main>"
        )
        if path.startswith("/?")
        else b""
    )
    hostile.answers["/"] = hostile.fallback("/?page=1")
    assert first != hostile.answers["/"]
    found = crawl(watcher, source, hostile)
    healthy(found)
    assert len(hostile.asked) < 8


def test_links_that_change_something_are_never_opened(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    harmful = [
        "/delete/5", "/n/5/delete", "/remove/ABC", "/n/5?action=delete", "/logout", "/user/logout/",
        "/vote/5/up", "/n/5/flag", "/ucp.php?mode=logout", "/n/5/+delete", "/markread?f=3",
        "/topic/5/edit/", "/posting.php?mode=reply&t=4",
    ]  # fmt: skip
    rows = "".join(
        f"<tr><td><a href='{h}'>entrée {i} à lire</a></td></tr>" for i, h in enumerate(harmful)
    )
    hostile.page("/", f"<main><table>{rows}</table><a href='/n/12'>une vraie note</a></main>")
    hostile.page(
        "/n/12",
        f"<main><article class=post>{HEALTHY} <a href='/n/12/delete'>x</a></article></main>",
    )
    found = crawl(watcher, source, hostile)
    healthy(found)
    assert not set(harmful) & set(hostile.asked)
    hostile.answers["/n/12"] = reply(b"", status="302 Found", more="Location: /n/12/delete\r\n")
    watcher.known.clear()
    redirected = crawl(watcher, source, hostile)
    assert redirected.kinds == ["harmful-link"]
    assert "/n/12/delete" not in hostile.asked


def test_robots_txt_is_obeyed_unless_overridden(
    watcher: Any, source: Any, hostile: Any, listing: Any
) -> None:
    listing("/n/bad1")
    hostile.page("/n/bad1", "<main><pre>ce que robots.txt ne veut pas</pre></main>")
    hostile.page("/robots.txt", "User-agent: *\nDisallow: /n/bad\n", "text/plain")
    found = crawl(watcher, source, hostile)
    healthy(found)
    assert found.kinds == ["robots"]
    assert "/n/bad1" not in hostile.asked
    alone = crawl(watcher, source, hostile, robots="override: ordonnance du 3 mars")
    assert "ce que robots.txt ne veut pas" not in alone.texts, "no authority is recorded"
    override = crawl(
        watcher, source, hostile, robots="override: ordonnance du 3 mars", authority="tribunal"
    )
    assert "ce que robots.txt ne veut pas" in override.texts


def test_a_site_that_is_down(watcher: Any, source: Any, hostile: Any) -> None:
    spec = source(hostile.address, engine="generic", timeout=2.0)
    hostile.close()
    found = watcher.crawl(spec)
    assert found.outcome == "failed"
    assert found.kinds == ["unreachable"]


def test_ten_megabytes_of_noise(
    watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any
) -> None:
    listing("/n/bad1")
    noise = bytes(range(256)) * 40_000
    hostile.answers["/n/bad1"] = reply(noise, "text/html")
    found = crawl(watcher, source, hostile, timeout=20.0)
    healthy(found)


def test_too_large(watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any) -> None:
    listing("/n/bad1")
    hostile.answers["/n/bad1"] = reply(b"x" * 34_000_000, "text/plain")
    found = crawl(watcher, source, hostile, timeout=20.0)
    healthy(found)
    assert found.kinds == ["too-large"]


def test_nesting_costs_no_time(watcher: Any, source: Any, hostile: Any, listing: Any) -> None:
    listing("/n/bad1")
    hostile.page("/n/bad1", "<main>" + "<div>" * 300_000 + "profond")
    started = time.monotonic()
    found = crawl(watcher, source, hostile)
    healthy(found)
    assert time.monotonic() - started < 20


def test_stop_ends_a_crawl_soon(watcher: Any, source: Any, hostile: Any, reply: Any) -> None:
    from matching import frames

    hostile.fallback = lambda path: reply(
        f"<main><ul><li><a href='/n/a{len(path)}x'>une note</a></li></ul>"
        f"<a rel=next href='{path}x'>next</a></main>".encode()
    )
    stopped: list[float] = []

    def stop(child: Any) -> None:
        if not stopped:
            stopped.append(time.monotonic())
            frames.send(child.socket, {"t": "stop"})

    found = watcher.crawl(
        source(hostile.address, engine="generic", render="never", delay=0.5), on_page=stop
    )
    assert found.status == 0
    assert time.monotonic() - stopped[0] < 6


def test_the_child_logs_neither_address_nor_content(
    watcher: Any, source: Any, hostile: Any, listing: Any, reply: Any, capfd: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("VIGIE_TRACEBACK", "1")  # what the child writes, as it writes it
    listing("/n/Marguerite-Duval-0612345678")
    hostile.answers["/n/Marguerite-Duval-0612345678"] = reply(
        b"contenu confidentiel", status="302 Found", more="Location: http://[bad\r\n"
    )
    found = crawl(watcher, source, hostile)
    assert found.problems
    said = capfd.readouterr()
    for secret in ("Marguerite", "confidentiel", "127.0.0.1", "/n/"):
        assert secret not in said.err
        assert secret not in said.out
        assert all(secret not in problem["what"] for problem in found.problems)
