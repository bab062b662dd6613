"""Which form is a log-in, what is sent with it, and where a password never goes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from crawler import login
from crawler.pages import Page
from crawler.source import Account

ACCOUNT = Account("observer", "pass word&é")
FORM = """<form action="/do/login" method="post"><input type=hidden name=csrf value="t0k">
<input type=hidden name="weird[]" value="x"><label>Name <input name=who></label>
<input type=password name=secret><input type=checkbox name=remember value=1>
<input type=submit name=go value="Log in"><input type=submit name=other value="Help"></form>"""
REGISTER = """<form action="/register" method="post"><input name=who><input name=mail type=email>
<input type=password name=one><input type=password name=two></form>"""
SEARCH = '<form action="/search"><input name=q></form>'


def page(body: str, address: str = "http://x.example/login") -> Page:
    return Page(address, f"<body>{body}</body>".encode())


def test_the_log_in_form_is_found_among_others_and_filled() -> None:
    form = login.find_form(page(SEARCH + REGISTER + FORM), ACCOUNT)
    assert form is not None
    assert (form.address, form.method) == ("http://x.example/do/login", "POST")
    assert dict(form.fields) == {
        "csrf": "t0k", "weird[]": "x", "who": "observer", "secret": "pass word&é", "go": "Log in",
    }  # fmt: skip
    assert "pass word" not in repr(form)


@pytest.mark.parametrize("body", [SEARCH, REGISTER, "<p>nothing", "<input type=password name=a>"])
def test_no_other_form_is_ever_filled(body: str) -> None:
    assert login.find_form(page(body), ACCOUNT) is None


def test_a_password_goes_to_no_other_host() -> None:
    stolen = FORM.replace("/do/login", "http://evil.example/do/login")
    assert login.find_form(page(stolen), ACCOUNT) is None
    assert login.log_in_address(page("<a href='http://evil.example/login'>Log in</a>")) == ""


@pytest.mark.parametrize(
    ("body", "inside"),
    [
        ("<a href='/logout'>Log out</a>", True),
        ("<form action='/logout' method=post><button>Se déconnecter</button></form>", True),
        ("<a href='/u/5'>x</a><a href='/ucp.php?mode=logout'>Quitter</a>", True),
        ("<a href='/login'>Log in</a>", False),
        (FORM + "<a href='/logout'>Log out</a>", False),
        ("<p>Log out of your life: a post", False),
    ],
)
def test_logged_in_or_not(body: str, inside: bool) -> None:
    assert login.is_logged_in(page(body)) is inside


class Gate:
    """A site whose posts are shown to a session only, which a log-in opens."""

    def __init__(self, hostile: Any, reply: Any, *, works: bool) -> None:
        self.posted: list[dict[str, list[str]]] = []
        self._hostile = hostile
        self._reply = reply
        self._works = works
        hostile.answers["/"] = self.start
        hostile.answers["/login"] = reply(FORM.encode())
        hostile.answers["/do/login"] = self.log_in

    def start(self, sock: Any) -> None:
        inside = b"seance=ouverte" in self._hostile.heads[-1]
        post = b"<article class=post>ce que seul un compte peut lire ici</article>"
        way = b"<a href='/logout'>Log out</a>" if inside else b"<a href='/login'>Log in</a>"
        sock.sendall(self._reply(way + (post if inside else b"<p>Bienvenue")))

    def log_in(self, sock: Any) -> None:
        body = self._hostile.heads[-1].partition(b"\r\n\r\n")[2]
        self.posted.append(parse_qs(body.decode()))
        more = "Location: /\r\n" + ("Set-Cookie: seance=ouverte; Path=/\r\n" if self._works else "")
        sock.sendall(self._reply(b"", status="302 Found", more=more))


def test_a_crawl_logs_in_once_and_keeps_its_session(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    gate = Gate(hostile, reply, works=True)
    spec = source(hostile.address, engine="generic", render="never", accounts=(ACCOUNT,))
    first = watcher.crawl(spec)
    assert first.problems == []
    assert "ce que seul un compte peut lire ici" in first.texts
    assert gate.posted[0]["secret"] == ["pass word&é"]
    watcher.crawl(spec)
    assert len(gate.posted) == 1
    assert "/logout" not in hostile.asked


def test_a_log_in_that_fails_is_a_problem_and_the_guest_s_view_is_read(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    Gate(hostile, reply, works=False)
    spec = source(hostile.address, engine="generic", render="never", accounts=(ACCOUNT,))
    found = watcher.crawl(spec)
    assert found.kinds[0] == "login-failed"
    assert "ce que seul un compte peut lire ici" not in found.texts


def test_a_wall_is_a_problem_not_content(watcher: Any, source: Any, hostile: Any) -> None:
    hostile.page("/", f"<body>{FORM}</body>")
    found = watcher.crawl(source(hostile.address, engine="generic", render="never"))
    assert found.kinds == ["login-wall"]
    assert found.outcome == "blocked"
    assert not found.posts
