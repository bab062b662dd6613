"""A site that dies, slows, loops, lies about length or changes its layout in mid-crawl costs
neither another source nor its own other pages anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crawler.forkserver import ForkServer
from tests.crawler.conftest import Crawl, Hostile, Watcher, answer

NOTES = 8
GOOD = {f"texte sain numéro {n} de ce site" for n in range(NOTES)}


class Site(Hostile):
    """A list of notes; from the sixth request for a note on, `fault` answers."""

    def __init__(self, fault: Callable[[Site, str], Any] | None = None) -> None:
        super().__init__()
        self.fault = fault
        self.served = 0
        self.fallback = self._page

    def _page(self, path: str) -> Any:
        if path == "/":
            rows = (f"<li><a href='/n/a{n}'>note {n} ici</a></li>" for n in range(NOTES))
            return html(f"<main><ul>{''.join(rows)}</ul></main>")
        self.served += 1
        if self.fault is not None and self.served > 5:
            return self.fault(self, path)
        return self.note(path)

    def note(self, path: str) -> bytes:
        number = path.rpartition("a")[2]
        return html(f"<main><pre>texte sain numéro {number} de ce site</pre></main>")


def html(body: str) -> bytes:
    return answer(body.encode(), "text/html; charset=utf-8")


def dies(site: Site, _path: str) -> Any:
    """It stops listening, in mid-answer."""

    def cut(sock: Any) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<main>")
        site._open = False  # the accepting thread sees it within 0.2 s and ends
        site._thread.join()
        site._listener.close()

    return cut


def slows(_site: Site, _path: str) -> Any:
    def drip(sock: Any) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        for _ in range(100):
            sock.sendall(b".")
            time.sleep(0.1)

    return drip


def loops(_site: Site, path: str) -> Any:
    return answer(b"", status="302 Found", more=f"Location: {path}?again\r\n")


def lies(_site: Site, path: str) -> Any:
    """More than it sends for every other note, less for the rest, also when asked again."""
    length = 5_000_000 if path[-1] in "1357" else 3
    body = b"<main><pre>" + b"une page dont la longueur est fausse " * 9 + b"</pre></main>"
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (length, body)


def changes(site: Site, path: str) -> Any:
    """Another markup for the same text."""
    number = path.rpartition("a")[2]
    cell = f"<td data-x><b>texte sain numéro {number} de ce site</b></td>"
    return html(f"<table><tr>{cell}</tr></table><div>{site.served}</div>")


@pytest.fixture
def sites() -> Iterator[dict[str, Site]]:
    made = {each.__name__: Site(each) for each in (dies, slows, loops, lies, changes)}
    made["good"] = Site()
    yield made
    for one in made.values():
        if one._open:
            one.close()


def texts(found: Crawl) -> set[str]:
    return {text.strip() for post in found.posts for _, text in post.layers}


def test_all_at_once(forks: ForkServer, source: Any, sites: dict[str, Site], tmp_path: Any) -> None:
    found: dict[str, Crawl] = {}

    def crawl(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        spec = source(sites[name].address, id=name, engine="generic", render="never",
                      timeout=1.0, concurrency=2, crawl_seconds=40.0)  # fmt: skip
        found[name] = Watcher(forks, folder).crawl(spec, timeout=60.0)

    threads = [threading.Thread(target=crawl, args=(name,)) for name in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert found.keys() == sites.keys(), "a crawl hangs"
    assert texts(found["good"]) == GOOD
    assert (found["good"].outcome, found["good"].kinds) == ("finished", [])
    for name, crawled in found.items():
        assert crawled.status == 0, name
        assert len(texts(crawled) & GOOD) >= 5, f"{name}: what came before the fault is lost"
        assert crawled.outcome == "finished", name
    # The text counts, not its markup.
    assert all(text in found["changes"].texts for text in GOOD)
    expected = {
        "dies": {"unreachable"}, "slows": {"timeout"}, "loops": {"redirect-loop"},
        "lies": {"truncated"}, "changes": set(),
    }  # fmt: skip
    for name, kinds in expected.items():
        assert set(found[name].kinds) == kinds, name

    # Once the sites are well again, the next crawl reads what was missed and nothing else twice.
    again = sites["loops"]
    again.fault = None
    again.asked.clear()
    watcher = Watcher(forks, tmp_path)
    watcher.known.update(pair for page in found["loops"].pages for pair in page.seen)
    crawled = watcher.crawl(source(again.address, id="loops", engine="generic", render="never"))
    assert texts(found["loops"]) | texts(crawled) == GOOD
    assert not texts(found["loops"]) & texts(crawled)
