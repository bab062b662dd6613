"""What this installation has, what it lacks, and how to get it. Each check stands alone: one that
fails never stops the next, and none shows a value of the leak."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vigie.config import Config, ConfigError, load

ENOUGH_SPACE = 2 * 1024**3
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's answer. `state` is "ok", "note" (works, but know this) or
    "missing" (something will not work until `fix` is done)."""

    name: str
    state: str
    found: str
    fix: str = ""

    def to_json(self) -> dict[str, Any]:
        """A dict for `--json`."""
        return asdict(self)


def examine(config_file: Path | None) -> Iterator[Check]:
    """Yield every check; the configuration's own first, since the others need it."""
    yield _python()
    yield from _safely("browser", _browser)
    try:
        config = load(config_file)
    except ConfigError as error:
        yield Check("configuration", "missing", str(error), "Mend it, or run `vigie init`.")
        return
    yield Check("configuration", "ok", f"leaks: {len(config.leak)}, sources: {len(config.source)}")
    for name, check in (
        ("storage", _storage),
        ("record", _record),
        ("record key", _record_key),
        ("leaks", _leaks),
        ("sealing", _sealing),
        ("files", _files),
        ("sources", _sources),
        ("review", _review),
        ("notify", _notify),
        ("elasticsearch", _elasticsearch),
    ):
        yield from _safely(name, lambda check=check: check(config))  # type: ignore[misc]


def _safely(name: str, check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except Exception as error:  # a check that breaks is a finding, not the doctor's end
        yield Check(name, "missing", str(error) or type(error).__name__, "")


def _python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", "ok", version)


def _browser() -> Iterator[Check]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not found:
        own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "~/.cache/ms-playwright"))
        found = next((str(path) for path in own.expanduser().glob("chromium*/*/chrome")), None)
    if not found:
        yield Check(
            "browser", "missing", "no Chromium: pages that need a browser are not read",
            "apt-get install chromium, or: playwright install chromium",
        )  # fmt: skip
        return
    if os.geteuid() == 0:
        yield Check(
            "browser", "note", f"{found}, without its sandbox because this runs as root",
            "Run Vigie as a user of its own; Chromium's sandbox is then on.",
        )  # fmt: skip
        return
    yield Check("browser", "ok", found)


def _storage(config: Config) -> Iterator[Check]:
    folder = config.storage.path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        yield Check("storage", "missing", f"{folder} cannot be written", "Give it to this user.")
    elif free < ENOUGH_SPACE:
        yield Check(
            "storage", "missing", f"{free / 1e9:.1f} GB free at {folder}", "Free at least 2 GB."
        )
    elif stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Check("storage", "note", f"others can read {folder}", f"chmod 700 {folder}")
    else:
        yield Check("storage", "ok", f"{folder}, {free / 1e9:.0f} GB free")


def _record(config: Config) -> Iterator[Check]:
    from sqlalchemy import text

    from index.engine import open_record

    engine = open_record(config.database_url)
    with engine.connect() as connection:
        connection.execute(text("select 1"))
    engine.dispose()
    yield Check("record", "ok", engine.dialect.name)


def _record_key(config: Config) -> Iterator[Check]:
    path = config.storage.key_file
    if not path.exists():
        yield Check("record key", "ok", "is made at the first start")
    elif path.stat().st_mode & 0o077:
        yield Check("record key", "missing", f"others can read {path}", f"chmod 600 {path}")
    elif path.is_relative_to(config.storage.path):
        yield Check(
            "record key", "note", f"{path} lies in the storage folder",
            "Move it elsewhere and set storage.key_file: whoever copies the storage has the key.",
        )  # fmt: skip
    else:
        yield Check("record key", "ok", str(path))


def _leaks(config: Config) -> Iterator[Check]:
    from matching.client import MatcherClient
    from matching.result import LeakRef

    if not config.leak:
        yield Check("leaks", "missing", "no [[leak]]", "Run `vigie leak fingerprint`.")
    for leak in config.leak:
        if leak.key_file.is_relative_to(config.storage.path):
            yield Check(
                "leak key", "note", f"{leak.key_file} lies in the storage folder",
                "Move it elsewhere: whoever copies the storage has the key.",
            )  # fmt: skip
        try:
            with MatcherClient([LeakRef(leak.file, leak.key_file)]):
                yield Check("leak", "ok", f"{leak.file} opens with its key")
        except Exception as error:  # said in the room's own words
            yield Check("leak", "missing", str(error), "")


def _sealing(config: Config) -> Iterator[Check]:
    import pyrage

    for recipient in config.sealing.recipients:
        try:
            pyrage.x25519.Recipient.from_str(recipient)
        except Exception:  # pyrage's own error type is not public
            yield Check(
                "sealing", "missing", "a recipient in sealing.recipients is no age public key",
                "It begins with age1…; age-keygen prints it.",
            )  # fmt: skip
            return
    if config.sealing.work_recipient:
        from vigie.wiring import sealed_originals

        sealed_originals(
            config
        )  # refuses, in its own words, a key that is none or that is not apart
    if len(config.sealing.recipients) == 1:
        yield Check(
            "sealing", "note", "one recipient: whoever loses that key loses every original",
            "Name two at least in sealing.recipients, held by two persons.",
        )  # fmt: skip
    elif config.sealing.recipients:
        yield Check("sealing", "ok", f"{len(config.sealing.recipients)} recipients")
    else:
        yield Check(
            "sealing", "note", "no recipients: originals of matched pages are not kept",
            'Set sealing.recipients = ["age1…"]; keep the private half on another machine.',
        )  # fmt: skip


def _files(config: Config) -> Iterator[Check]:
    """Files that are read only when a dossier, a mail or an announcement is due."""
    evidence, smtp = config.evidence, config.smtp
    named = {
        f"evidence.{key}": getattr(evidence, key)
        for key in ("sign_key_file", "sign_certificate_file", "sign_roots")
    }
    for one in evidence.authority:
        for key in ("roots", "intermediates", "ca_file"):
            named[f"evidence.authority {one.name}: {key}"] = getattr(one, key)
    if smtp is not None:
        named |= {"smtp.password_file": smtp.password_file, "smtp.ca_file": smtp.ca_file}
    for key, path in named.items():
        if path is not None and not path.is_file():
            yield Check("files", "missing", f"no file at {path}", f"Put it there, or mend {key}.")


def _sources(config: Config) -> Iterator[Check]:
    from vigie.engines import UNKNOWN, is_known

    if not config.source:
        yield Check("sources", "missing", "no [[source]]", "Add one to vigie.toml.")
    today = datetime.now(UTC).date()
    for source in config.source:
        name = f"source {source.id}"
        until = source.authority_until
        if not is_known(source.engine):
            yield Check(name, "missing", f"engine = {source.engine!r}", UNKNOWN)
        elif until and until < today:
            yield Check(name, "missing", f"authority ended on {until}", "Renew authority_until.")
        elif not source.authority:
            yield Check(
                name, "note", "no authority recorded", "Set authority = who, on what ground."
            )
        elif until and until - today < timedelta(days=30):
            yield Check(name, "note", f"authority ends on {until}", "Renew it in time.")
        else:
            yield Check(name, "ok", source.engine)
        for account in source.account:
            yield from _account(name, account.password_file)


def _account(name: str, file: Path | None) -> Iterator[Check]:
    if file is None:
        return
    if not file.exists():
        yield Check(name, "missing", f"no password file at {file}", "Write it, mode 0600.")
    elif file.stat().st_mode & 0o077:
        yield Check(name, "missing", f"others can read {file}", f"chmod 600 {file}")


def _review(config: Config) -> Iterator[Check]:
    host, port = config.review.host, config.review.port
    with socket.socket() as sock:
        sock.settimeout(1)
        taken = port != 0 and sock.connect_ex((host, port)) == 0
    if taken:
        yield Check(
            "review", "note", f"something already listens on {host}:{port}",
            "If that is not Vigie itself, set review.port to a free one.",
        )  # fmt: skip
    else:
        yield Check("review", "ok", f"http://{host}:{port}/")


def _notify(config: Config) -> Iterator[Check]:
    from vigie.notify.ways import ways

    secret = config.notify.secret_file
    if not config.notify.urls:
        yield Check(
            "notify", "note", "alerts are announced by nobody but `vigie watch` itself",
            'Set [notify] urls = ["mailto:…"] and [smtp], or the address of a webhook.',
        )  # fmt: skip
        return
    if secret is not None and secret.exists() and secret.stat().st_mode & 0o077:
        yield Check("notify", "missing", f"others can read {secret}", f"chmod 600 {secret}")
    try:
        shown = ", ".join(way.shown for way in ways(config))
    except ConfigError as error:
        yield Check("notify", "missing", str(error), "Mend it; `vigie watch` does not start so.")
        return
    yield Check("notify", "ok", shown)
    yield from _announcements(config)


def _announcements(config: Config) -> Iterator[Check]:
    """What waits to be announced, and what was given up."""
    from index.engine import open_record
    from index.notices import NoticeStore
    from index.views import stamp

    engine = open_record(config.database_url)
    try:
        told = NoticeStore(engine).status()
    finally:
        engine.dispose()
    if told.given_up:
        yield Check(
            "announcements", "missing", f"{told.given_up} were given up after a week",
            told.last_error,
        )  # fmt: skip
    if told.waiting and told.last_error:
        yield Check(
            "announcements", "missing",
            f"{told.waiting} wait since {stamp(told.oldest)}", told.last_error,
        )  # fmt: skip
    elif told.waiting:
        yield Check("announcements", "note", f"{told.waiting} wait since {stamp(told.oldest)}")


def _elasticsearch(config: Config) -> Iterator[Check]:
    if config.elasticsearch is None:
        yield Check("index", "ok", "embedded")
        return
    from index.errors import RecordError
    from vigie.wiring import open_index

    try:
        with open_index(config) as index:
            health = index.health()
    except (ConfigError, RecordError) as error:
        yield Check("index", "missing", "Elasticsearch cannot be used", str(error))
        return
    state = "ok" if health.state in ("green", "yellow") else "missing"
    yield Check("index", state, f"{health.detail}: {health.state}")
