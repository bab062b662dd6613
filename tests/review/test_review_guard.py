"""Who gets in, from where, with which headers; the route table is walked so that none is missed."""

from __future__ import annotations

import logging
import re
import socket
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Engine, select

from index.alerts import AlertStore
from index.engine import reading
from index.schema import Act
from review.app import Application
from review.errors import CannotServe
from review.guard import MAX_BODY
from review.server import bind, serving
from review.settings import Settings
from tests.review.conftest import NOWHERE, PASSWORD, Served, csrf, post

OPEN = {"/login", "/login/once", "/health", "/favicon.ico"}


def routes(engine: Engine) -> list[tuple[str, str]]:
    """(method, path with parameters filled) of the whole table."""
    found: list[tuple[str, str]] = []
    pending: list[Any] = list(Application(engine, Settings(), NOWHERE).routes)
    while pending:
        route = pending.pop()
        # A router that was included may stand in the table as a whole.
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        if inner and not getattr(route, "methods", None):
            pending.extend(inner)
            continue
        path = re.sub(r"{[^}]+}", "1", route.path)
        found += [(method, path) for method in getattr(route, "methods", None) or ()]
    return sorted(found)


def test_the_walk_sees_every_kind_of_route(served: Served) -> None:
    table = routes(served.engine)
    assert {
        ("GET", "/alerts"), ("GET", "/alerts/1"), ("GET", "/alerts/rows"), ("GET", "/queue"),
        ("GET", "/queue/1"), ("GET", "/sources"), ("GET", "/cases/1"), ("GET", "/login"),
        ("POST", "/login"), ("POST", "/login/once"), ("POST", "/logout"), ("POST", "/language"),
        ("POST", "/alerts/1/decision"), ("GET", "/health"),
    } <= set(table)  # fmt: skip


def test_every_change_without_a_token_is_refused(served: Served) -> None:
    changes = [(method, path) for method, path in routes(served.engine) if method != "GET"]
    assert len(changes) >= 5
    origin = {"origin": served.url}
    with served.user() as user, served.guest() as guest:
        token = csrf(user.get("/alerts").text)
        for method, path in changes:
            for client in (user, guest):
                for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": token[:-1]}):
                    answer = client.request(method, path, data=form, headers=origin)
                    assert answer.status_code == 403, (method, path, form)
            # The right token from another site's page, or from nowhere, is refused as well.
            for headers in ({}, {"origin": "https://evil.example"}, {"origin": "null"}):
                answer = user.request(method, path, data={"csrf": token}, headers=headers)
                assert answer.status_code == 403, (method, path, headers)
        assert served.accounts.session(_session(user)) is not None
        assert user.get("/alerts/36").status_code == 200


def test_one_users_token_is_worth_nothing_to_another(served: Served) -> None:
    served.accounts.add("paul", None)
    with served.user() as jeanne, served.user("paul") as paul:
        stolen = csrf(jeanne.get("/alerts").text)
        answer = paul.post("/logout", data={"csrf": stolen}, headers={"origin": served.url})
        assert answer.status_code == 403


def test_every_route_but_log_in_and_health_refuses_without_a_session(served: Served) -> None:
    with served.guest() as guest:
        token = csrf(guest.get("/login").text)
        for method, path in routes(served.engine):
            if path in OPEN:
                continue
            form = {"csrf": token} if method != "GET" else None
            answer = guest.request(method, path, data=form, headers={"origin": served.url})
            assert answer.status_code in (303, 401), (method, path)
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/login?next=")
            assert "pastes.example" not in answer.text
        assert guest.get("/nowhere").status_code == 303
        assert guest.get("/health").text == "ok\n"


def test_a_change_is_never_made_by_get(served: Served) -> None:
    with served.user() as user:
        for path in ("/logout", "/language", "/alerts/36/decision"):
            assert user.get(path).status_code == 405
        assert served.accounts.session(_session(user)) is not None


def test_password_log_in_and_log_out(served: Served) -> None:
    with served.guest() as client:
        form = {"name": "jeanne", "password": PASSWORD, "next": "/alerts/36"}
        answer = post(client, "/login", form, page="/login")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/alerts/36"
        line = next(
            line for line in answer.headers.get_list("set-cookie") if "vigie-session" in line
        )
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line
        assert "Max-Age" not in line, "a session cookie ends with the browser"
        old = _session(client)
        assert post(client, "/logout", {}).status_code == 303
        assert served.accounts.session(old) is None
        client.cookies.set(f"vigie-session-{served.settings.port}", old)
        assert client.get("/alerts").status_code == 303


def test_an_unknown_name_and_a_wrong_password_answer_alike(served: Served) -> None:
    bodies = []
    for name in ("jeanne", "nobody"):
        with served.guest() as client:
            answer = post(client, "/login", {"name": name, "password": "x" * 14}, page="/login")
            assert answer.status_code == 401
            html = answer.text.replace(name, "NAME")
            bodies.append(re.sub(r"[0-9a-f]{64}", "TOKEN", html))
    assert bodies[0] == bodies[1]


def test_guessing_is_stopped_and_the_right_password_waits_too(served: Served) -> None:
    with served.guest() as client:
        for name in ("jeanne", "nobody"):
            for _ in range(5):
                form = {"name": name, "password": "falsch und lang"}
                assert post(client, "/login", form, page="/login").status_code == 401
            form = {"name": name, "password": PASSWORD}
            assert post(client, "/login", form, page="/login").status_code == 429
    with served.user() as user:
        assert user.get("/alerts").status_code == 200, "a link still opens"


def test_a_log_in_starts_a_new_session_and_ends_the_old_one(served: Served) -> None:
    with served.user() as client:
        old = _session(client)
        token = served.accounts.new_login_token("jeanne")
        assert post(client, "/login/once", {"token": token}).status_code == 303
        assert _session(client) != old
        assert served.accounts.session(old) is None


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/login?next=x", "javascript:1",
     "/alerts\r\nx: y", "/%0d%0a", "/logout"],
)  # fmt: skip
def test_a_log_in_leads_nowhere_else(served: Served, target: str) -> None:
    with served.guest() as client:
        form = {"name": "jeanne", "password": PASSWORD, "next": target}
        answer = post(client, "/login", form, page="/login")
        assert answer.headers["location"] == "/alerts"


def test_a_foreign_host_name_is_refused(served: Served) -> None:
    with served.user() as user:
        for host in ("evil.example", f"evil.example:{served.settings.port}", "127.0.0.1:1", ""):
            assert user.get("/alerts", headers={"host": host}).status_code == 421
            assert user.get("/health", headers={"host": host}).status_code == 421
        good = f"localhost:{served.settings.port}"
        assert user.get("/health", headers={"host": good}).status_code == 200


def test_every_answer_has_the_headers(served: Served) -> None:
    with served.user() as user, served.guest() as guest:
        static = re.search(r'href="(/static/[^"]+css[^"]*)"', guest.get("/login").text)
        assert static
        answers = [
            guest.get("/login"), guest.get("/alerts"), guest.get("/health"), guest.get(static[1]),
            user.get("/alerts"), user.get("/alerts/36"), user.get("/nowhere"),
            user.post("/logout"), user.get("/alerts", headers={"host": "evil.example"}),
        ]  # fmt: skip
        for answer in answers:
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert "server" not in answer.headers
        for answer in answers:
            if not answer.request.url.path.startswith("/static/"):
                assert answer.headers["cache-control"] == "no-store"


def test_pages_hold_no_inline_script_or_style_and_name_no_other_host(served: Served) -> None:
    with served.user() as user:
        for path in ("/alerts", "/alerts/36", "/queue", "/queue/37", "/sources", "/cases/1"):
            html = user.get(path).text
            assert not re.search(r"<script(?![^>]*\ssrc=)", html)
            assert "<style" not in html
            assert not re.search(r"<[^>]+\sstyle=", html)
            for _, address in re.findall(r'\b(href|src|action)="([^"]*)"', html):
                assert not urlsplit(address).netloc, address


def test_a_body_that_is_too_long_or_no_form_is_refused(served: Served) -> None:
    with served.user() as user:
        token = csrf(user.get("/alerts").text)
        headers = {"origin": served.url}
        long = {"csrf": token, "reason": "x" * MAX_BODY}
        assert user.post("/alerts/36/decision", data=long, headers=headers).status_code == 413
        answer = user.post(
            "/alerts/36/decision", json={"csrf": token, "status": "open"}, headers=headers
        )
        assert answer.status_code == 415
        answer = user.post("/alerts/36/decision", files={"csrf": (None, token)}, headers=headers)
        assert answer.status_code == 415
        assert user.request("TRACE", "/alerts").status_code == 405


def test_a_failing_page_tells_nothing_and_logs_no_content(
    served: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise ValueError("Dupont Martine 2 84 05")

    monkeypatch.setattr(AlertStore, "get", fail)
    with caplog.at_level(logging.DEBUG), served.user() as user:
        answer = user.get("/alerts/36")
    assert answer.status_code == 500
    assert "Dupont" not in answer.text
    assert "Traceback" not in answer.text
    ours = [record.getMessage() for record in caplog.records if record.name == "review"]
    assert len(ours) == 1
    assert ours[0].startswith("a page failed: ValueError in fail, line ")
    assert "Dupont" not in caplog.text


def test_views_and_decisions_and_log_ins_are_acts(served: Served) -> None:
    with served.user() as user:
        user.get("/alerts/36")
        form = {"status": "confirmed", "reason": "vu en ligne", "version": "1"}
        assert post(user, "/alerts/36/decision", form, page="/alerts/36").status_code == 303
        user.get("/queue/37")
    with reading(served.engine) as connection:
        acts = [
            (act.who, act.what, act.subject)
            for act in connection.execute(select(Act.who, Act.what, Act.subject).order_by(Act.id))
        ]
    assert ("jeanne", "login", "") in acts
    assert acts.count(("jeanne", "view", "alert:36")) == 2
    assert ("jeanne", "decide", "alert:36") in acts
    assert ("jeanne", "view", "hit:37") in acts


def test_polling_does_not_keep_a_session_alive(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched: list[bool] = []
    real = type(served.accounts).session

    def spy(self: Any, token: str, *, touch: bool = True) -> Any:
        touched.append(touch)
        return real(self, token, touch=touch)

    monkeypatch.setattr(type(served.accounts), "session", spy)
    with served.user() as user:
        user.get("/alerts/rows")
        assert touched[-1] is False
        user.get("/alerts")
        assert touched[-1] is True


def test_only_this_machine_unless_a_reason_is_written() -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::", "vigie.example"):
        with pytest.raises(CannotServe, match="allow_outside"):
            bind(Settings(host=host, port=0))
    for host in ("127.0.0.1", "localhost", "::1"):
        Settings(host=host).check()
    Settings(host="0.0.0.0", allow_outside="behind the proxy, decided by the CISO").check()


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CannotServe, match="--port"):
            bind(Settings(port=other.getsockname()[1]))


def test_behind_a_tls_proxy_cookies_are_secure_and_origins_https(served: Served) -> None:
    settings = replace(served.settings, port=0, address="https://vigie.example")
    with serving(served.engine, settings, served.search) as bound:
        base = f"http://127.0.0.1:{bound.port}"
        with httpx.Client(base_url=base, headers={"host": "vigie.example"}) as client:
            answer = client.get("/login")
            line = answer.headers["set-cookie"]
            assert line.startswith("__Host-vigie-form=")
            assert "Secure" in line
            assert "Path=/" in line
            assert "Domain" not in line
            assert "strict-transport-security" in answer.headers
            cookie = line.split(";")[0]
            form = {"csrf": csrf(answer.text), "name": "jeanne", "password": PASSWORD}
            for origin, status in (("http://vigie.example", 403), ("https://vigie.example", 303)):
                headers = {"origin": origin, "cookie": cookie}
                assert client.post("/login", data=form, headers=headers).status_code == status


def _session(client: httpx.Client) -> str:
    return next(
        cookie.value or ""
        for cookie in client.cookies.jar
        if cookie.name.startswith("vigie-session")
    )
