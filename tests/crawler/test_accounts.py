"""Cookie files, hours, turns, and sessions that end while we read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.accounts import hours_of, is_awake, with_one_account
from crawler.cookies import BadCookies, of_hosts, parse
from crawler.source import Account, SourceSpec

NETSCAPE = """# Netscape HTTP Cookie File
#HttpOnly_.forum.example\tTRUE\t/\tTRUE\t1893456000\tsid\tabc
forum.example\tFALSE\t/f\tFALSE\t0\tseen\t1

.elsewhere.example\tTRUE\t/\tFALSE\t0\tx\ty
"""
FORM = """<form action="/do/login" method="post"><input name=who><input type=password name=secret>
<input type=submit value="Log in"></form>"""


def test_netscape_files() -> None:
    sid, seen, other = parse(NETSCAPE)
    assert (sid["name"], sid["domain"], sid["secure"], sid["expires"]) == (
        "sid", ".forum.example", True, 1893456000,
    )  # fmt: skip
    assert (seen["domain"], seen["path"], seen["expires"]) == ("forum.example", "/f", None)
    kept = of_hosts([sid, seen, other], ["forum.example"])
    assert [cookie["name"] for cookie in kept] == ["sid", "seen"]
    assert [cookie["name"] for cookie in of_hosts([sid, seen], ["www.forum.example"])] == ["sid"]
    assert of_hosts([sid], ["notforum.example"]) == []


@pytest.mark.parametrize("wrapped", [True, False])
def test_json_files(wrapped: bool) -> None:
    listed = [
        {"name": "sid", "value": "abc", "domain": ".forum.example", "path": "/", "secure": True,
         "expirationDate": 1893456000.5, "hostOnly": False},
        {"name": "seen", "value": "1", "domain": "forum.example", "expires": -1},
    ]  # fmt: skip
    sid, seen = parse(json.dumps({"cookies": listed} if wrapped else listed))
    assert (sid["expires"], seen["expires"], seen["path"]) == (1893456000, None, "/")


@pytest.mark.parametrize(
    "text",
    ["", "# only words\n", "a b c\n", "[1]", '[{"name": "a"}]', "{", '{"cookies": 3}',
     "h\tFALSE\t/\tFALSE\tsoon\tn\tv\n"],
)  # fmt: skip
def test_bad_files_say_so_without_a_value(text: str) -> None:
    with pytest.raises(BadCookies) as caught:
        parse(text)
    assert str(caught.value)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        parse(text)
    except BadCookies:
        return


@pytest.mark.parametrize(
    ("hours", "at", "awake"),
    [
        ("", 3, True),
        ("07:00-22:00", 7, True),
        ("07:00-22:00", 22, False),
        ("22:00-06:00", 23, True),
        ("22:00-06:00", 5, True),
        ("22:00-06:00", 12, False),
    ],
)
def test_hours(hours: str, at: int, awake: bool) -> None:
    moment = datetime(2026, 11, 28, at).astimezone()
    assert is_awake(Account("a", hours=hours), moment) is awake


@pytest.mark.parametrize("hours", ["7-22", "07:00-07:00", "25:00-26:00", "07:00"])
def test_bad_hours(hours: str) -> None:
    with pytest.raises(ValueError, match="hours"):
        hours_of(hours)


def test_accounts_take_turns_at_their_own_pace() -> None:
    spec = SourceSpec(
        "s", ("http://s/",), delay=1.0,
        accounts=(Account("day", hours="07:00-22:00"), Account("slow", delay=9.0)),
    )  # fmt: skip
    noon, night = datetime(2026, 11, 28, 12).astimezone(), datetime(2026, 11, 28, 23).astimezone()
    used = [with_one_account(spec, noon, turn).accounts[0].username for turn in range(4)]
    assert used == ["day", "slow", "day", "slow"]
    for turn in range(2):
        chosen = with_one_account(spec, night, turn)
        assert (chosen.accounts[0].username, chosen.delay) == ("slow", 9.0)


class Gate:
    """A site whose sessions end after `lasts` pages, and whose log-in opens another."""

    def __init__(self, hostile: Any, reply: Any, lasts: int, notes: int = 3) -> None:
        self.open: dict[str, int] = {"saved": lasts}
        self.log_ins = 0
        self.lasts = lasts
        self.notes = range(1, notes + 1)
        self._hostile = hostile
        self._reply = reply
        hostile.fallback = lambda _path: b""
        for path in ("/", *(f"/n/a{n}" for n in self.notes)):
            hostile.answers[path] = self.page
        hostile.answers["/login"] = reply(FORM.encode())
        hostile.answers["/do/login"] = self.log_in

    def page(self, sock: Any) -> None:
        head = self._hostile.heads[-1]
        path = head.split()[1].decode()
        session = next((s for s in self.open if f"seance={s}".encode() in head), "")
        if not session or self.open[session] <= 0:
            body = f"<a href='/login'>Log in</a><main>{FORM}</main>"
        else:
            self.open[session] -= 1
            rows = "".join(f"<li><a href='/n/a{n}'>note {n}</a></li>" for n in self.notes)
            shown = f"<ul>{rows}</ul>" if path == "/" else f"<pre>en entier : {path}</pre>"
            body = f"<a href='/logout'>Log out</a><main>{shown}</main>"
        sock.sendall(self._reply(body.encode()))

    def log_in(self, sock: Any) -> None:
        self.log_ins += 1
        self.open[f"n{self.log_ins}"] = self.lasts
        more = f"Set-Cookie: seance=n{self.log_ins}; Path=/\r\nLocation: /\r\n"
        sock.sendall(self._reply(b"", status="302 Found", more=more))


def saved(value: str = "saved") -> tuple[dict[str, Any], ...]:
    return tuple(parse(f"127.0.0.1\tFALSE\t/\tFALSE\t0\tseance\t{value}\n"))


def crawl(watcher: Any, source: Any, hostile: Any, *accounts: Account) -> Any:
    return watcher.crawl(
        source(hostile.address, engine="generic", render="never", concurrency=1, accounts=accounts)
    )


def test_saved_cookies_open_the_site(watcher: Any, source: Any, hostile: Any, reply: Any) -> None:
    gate = Gate(hostile, reply, 100)
    found = crawl(watcher, source, hostile, Account("observer", cookies=saved()))
    assert len(found.posts) == 3
    assert gate.log_ins == 0
    assert not found.kinds


def test_cookies_that_no_longer_open_it_are_told(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    Gate(hostile, reply, 100)
    found = crawl(watcher, source, hostile, Account("observer", cookies=saved("stale")))
    assert "session-ended" in found.kinds
    assert not found.posts


def test_a_session_that_ends_is_opened_again(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    gate = Gate(hostile, reply, 4)
    found = crawl(watcher, source, hostile, Account("observer", "secret", cookies=saved()))
    assert {post.layers[0][1][-2:] for post in found.posts} == {"a1", "a2", "a3"}
    assert gate.log_ins == 1
    assert not found.kinds


def test_a_site_that_ends_every_session_is_not_pressed(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    """Once to begin with, and twice more (MAX_RENEWALS), however many pages ask for it."""
    gate = Gate(hostile, reply, 2, notes=12)
    crawl(watcher, source, hostile, Account("observer", "secret"))
    assert gate.log_ins == 3
