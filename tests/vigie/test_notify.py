"""Alerts are announced once each: real mail server and webhook on loopback, nothing personal."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from index.alerts import AlertStore
from index.engine import open_record
from index.facts import Fence, Finding, KeptPost, PageFacts
from index.leases import Leases, source_lease
from index.notices import GIVEN_UP_AFTER, NoticeStore, notify_source
from index.recorder import Recorder
from index.schema import Outbox
from matching.result import Match, ScanResult, Verdict
from tests.evidence.mail_server import MailBox, mail_server
from vigie.config import Config, ConfigError, parse
from vigie.doctor import _announcements, _notify
from vigie.notify.notifier import Notifier
from vigie.notify.ways import ways

# apprise asks for a module that Python has dropped meanwhile.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PLACE = "https://paste.example/•••/quenouille"


class Hook(ThreadingHTTPServer):
    """A webhook's receiver; `status` is what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Hook)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(
            ({name.lower(): value for name, value in self.headers.items()}, body)
        )
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MailBox]:
    with mail_server(tmp_path / "mail") as made:
        yield made


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Engine]:
    engine = open_record(f"sqlite:///{tmp_path}/var/vigie.db")
    yield engine
    engine.dispose()


def config(folder: Path, box: MailBox, *urls: str) -> Config:
    secret = folder / "hook.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    listed = ", ".join(f'"{url}"' for url in urls)
    return parse(
        f"""
[notify]
urls = [{listed}]
secret_file = "hook.secret"
allow_addresses = ["127.0.0.0/8"]
[smtp]
host = "127.0.0.1"
port = {box.port}
ca_file = "{box.ca_file}"
sender = "vigie@lab.example"
[review]
address = "https://vigie.lab.example"
""",
        folder / "vigie.toml",
    )


def post(engine: Engine, number: int, rows: range = range(1)) -> None:
    """A page with one post that matched those rows."""
    grant = Leases(engine, owner=f"t{number}").acquire(source_lease("paste"), 60)
    assert grant is not None
    matches = tuple(
        Match("fuite", row, 60.0, ("nir",), ((0, 9),), "", (60.0,), ("exact",)) for row in rows
    )
    result = ScanResult("", 9, "", Verdict.FRAGMENT, len(rows), 0, 1, 1e-9, matches)
    finding = Finding("fuite", result, (), ((("•••",),) * len(rows)))
    key = number.to_bytes(16, "big")
    kept = KeptPost(
        location_key=key, content_key=bytes([len(rows)]) * 16, location=PLACE,
        findings=(finding,), title="Martineau Jeanne •••",
    )  # fmt: skip
    facts = PageFacts(status=200, fetched_at=datetime.now(UTC), bytes=9, sha256="0" * 64)
    Recorder(engine).record_page(Fence("paste", grant.token, None), facts, posts=[kept])
    Leases(engine, owner=f"t{number}").release(grant)


def text_of(mail: bytes) -> str:
    part = message_from_bytes(mail, policy=policy.SMTP).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_each_alert_is_announced_once_to_each(
    tmp_path: Path, record: Engine, box: MailBox, hook: Hook
) -> None:
    told = config(
        tmp_path, box, "mailto:garde@lab.example", f"http://127.0.0.1:{hook.server_port}/in?k=cle"
    )
    post(record, 1)
    post(record, 2)
    first = Notifier(told, record)
    assert [first.step(), first.step()] == [True, False]
    post(record, 1)  # the same again, and then grown: still the same alert
    post(record, 1, range(3))
    assert not first.step()
    post(record, 3)
    first.stop(1)
    assert Notifier(told, record).step()

    texts = [text_of(mail) for mail in box.mails]
    assert [text.count("Alerte ") for text in texts] == [2, 1]
    assert "Alerte 1 (affaire 1) : fragment, 1 enregistrement(s)" in texts[0]
    assert "https://vigie.lab.example/alerts/1" in texts[0]
    assert all(box.encrypted)
    sent = [json.loads(body) for _, body in hook.got]
    assert [[one["alert"] for one in each["notices"]] for each in sent] == [[1, 2], [3]]
    for headers, body in hook.got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        proof = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{proof}"
    everything = b"".join([*box.mails, *(body for _, body in hook.got)]).decode().lower()
    for personal in ("martineau", "jeanne", "quenouille", "paste.example", "nir"):
        assert personal not in everything


def test_what_is_open_again_is_announced_again(
    tmp_path: Path, record: Engine, box: MailBox
) -> None:
    told = config(tmp_path, box, "mailto:garde@lab.example")
    post(record, 1)
    notifier = Notifier(told, record)
    assert notifier.step()
    alert = AlertStore(record).get(1).alert
    AlertStore(record).decide(1, "dismissed", "pas la nôtre", "a", alert.version)
    post(record, 1, range(3))
    assert notifier.step()
    assert "Alerte 1 rouverte" in text_of(box.mails[1])


def test_one_that_fails_gets_it_later_and_the_other_not_twice(
    tmp_path: Path, record: Engine, box: MailBox, hook: Hook
) -> None:
    address = f"http://127.0.0.1:{hook.server_port}/in?k=cle"
    told = config(tmp_path, box, "mailto:garde@lab.example", address)
    hook.status = 500
    post(record, 1)
    notifier = Notifier(told, record)
    assert notifier.step()
    assert not notifier.step(), "it waits before it asks again"
    status = NoticeStore(record).status()
    assert (status.waiting, status.last_error) == (1, "http:127.0.0.1: it answered 500")
    shown = [check.to_json() for check in _announcements(told)]
    assert shown[0]["state"] == "missing"
    assert "cle" not in json.dumps(shown), "an address may hold a token"
    hook.status = 200
    post(record, 2)  # a new one is not held up by what waits
    assert notifier.step()
    notifier.stop(1)
    later = Notifier(told, record)
    later._store = NoticeStore(record, clock=lambda: datetime.now(UTC) + timedelta(minutes=5))
    assert later.step()
    assert not later.step()
    ids = [headers["webhook-id"] for headers, _ in hook.got]
    assert ids[0] == ids[2] != ids[1], "the same message has the same id"
    assert len(box.mails) == 2
    assert NoticeStore(record).status().waiting == 0
    assert not list(_announcements(told))


def test_a_sender_that_was_killed_repeats_the_message_under_its_id(
    tmp_path: Path, record: Engine, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the server's yes and the note of it: whoever receives it knows it by its id."""
    told = config(tmp_path, box, "mailto:garde@lab.example")
    post(record, 1)
    notifier = Notifier(told, record)
    with monkeypatch.context() as patch:
        patch.setattr(NoticeStore, "handed", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            notifier.step()
    post(record, 2)
    assert [notifier.step(), notifier.step()] == [True, True]
    mails = [message_from_bytes(mail, policy=policy.SMTP) for mail in box.mails]
    ids = [mail["Message-ID"] for mail in mails]
    assert ids[0] == ids[1] != ids[2]
    assert text_of(box.mails[0]) == text_of(box.mails[1])


def test_two_watches_send_once(tmp_path: Path, record: Engine, box: MailBox) -> None:
    told = config(tmp_path, box, "mailto:garde@lab.example")
    one, other = Notifier(told, record), Notifier(told, record)
    post(record, 1)
    barrier = threading.Barrier(2)

    def run(notifier: Notifier) -> None:
        barrier.wait()
        for _ in range(5):
            notifier.step()

    threads = [threading.Thread(target=run, args=(each,)) for each in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(box.mails) == 1


def test_a_source_that_is_not_seen_is_announced(
    tmp_path: Path, record: Engine, box: MailBox
) -> None:
    told = config(tmp_path, box, "mailto:garde@lab.example")
    with Session(record) as session:
        notify_source(session, "paste", "blind", datetime.now(UTC))
        session.commit()
    assert Notifier(told, record).step()
    mail = message_from_bytes(box.mails[0], policy=policy.SMTP)
    assert mail["Subject"] == "Vigie : état d’une source"
    assert "La source « paste » n’est plus vue" in text_of(box.mails[0])


def test_what_nobody_is_told_is_dropped_and_what_fails_for_a_week_is_given_up(
    tmp_path: Path, record: Engine, box: MailBox
) -> None:
    post(record, 1)
    Notifier(config(tmp_path, box), record).step()
    assert NoticeStore(record).status().waiting == 0
    post(record, 2)
    late = NoticeStore(record, clock=lambda: datetime.now(UTC) + GIVEN_UP_AFTER * 1.1)
    batch = late.next()
    assert batch is not None
    late.failed(batch, "mailto:lab.example: no")
    told = config(tmp_path, box, "mailto:garde@lab.example")
    assert NoticeStore(record).status().given_up == 1
    assert [check.state for check in _announcements(told)] == ["missing"]
    with Session(record) as session:
        bodies = session.scalars(select(Outbox.body).where(Outbox.channel == "notify"))
        assert "quenouille" not in json.dumps(list(bodies))


def test_a_full_record_of_other_lanes_is_left_alone(record: Engine) -> None:
    post(record, 1)
    NoticeStore(record).drop()
    with Session(record) as session:
        left = sorted(session.scalars(select(Outbox.channel)))
    assert left == ["hits", "search"]


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mailto:Garde <garde@lab.example>", "write mailto: and one mail address"),
        ("gopher://x/", "nor an address that apprise knows"),
        ("nothing", "nor an address that apprise knows"),
    ],
)
def test_an_address_that_cannot_be_used_is_said(
    url: str, what: str, tmp_path: Path, box: MailBox
) -> None:
    told = config(tmp_path, box, url)
    with pytest.raises(ConfigError, match=what):
        ways(told)
    (check,) = _notify(told)
    assert (check.state, what in check.found) == ("missing", True)


def test_webhooks_are_signed_and_guarded(tmp_path: Path, box: MailBox, record: Engine) -> None:
    plain: Any = config(tmp_path, box, "https://169.254.169.254/x")
    bare = plain.model_copy(
        update={"notify": plain.notify.model_copy(update={"secret_file": None})}
    )
    with pytest.raises(ConfigError, match="a webhook is signed"):
        ways(bare)
    post(record, 1)
    assert Notifier(plain, record).step()
    assert "link-local" in NoticeStore(record).status().last_error


def test_a_service_of_apprise(tmp_path: Path, box: MailBox, hook: Hook, record: Engine) -> None:
    post(record, 1)
    told = config(tmp_path, box, f"json://127.0.0.1:{hook.server_port}/jeton")
    assert Notifier(told, record).step()
    (_, body) = hook.got[0]
    assert "Alerte 1" in json.loads(body)["message"]
    assert NoticeStore(record).status().waiting == 0
