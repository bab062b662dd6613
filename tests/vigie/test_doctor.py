"""`vigie doctor` names each thing that is missing, with the way to get it, and goes on after it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest

from matching.build import build
from matching.fields import FieldType
from matching.keys import load_key, new_key
from matching.schema import Schema
from vigie import doctor
from vigie.doctor import Check

NAME = "DELACROIX-INVENTE"
COLUMNS = (("NOM", FieldType("surname")), ("TEL", FieldType("phone")))


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A fingerprint file and its key."""
    folder = tmp_path_factory.mktemp("doctor-leak")
    plain, key, file = folder / "leak.csv", folder / "leak.key", folder / "leak.vfp"
    rows = [f"{NAME};06999812{n:02d}" for n in range(50)]
    plain.write_text("NOM;TEL\n" + "\n".join(rows) + "\n", encoding="utf-8")
    new_key(key)
    build(plain, load_key(key), file, Schema("utf-8", ";", True, COLUMNS))
    return file, key


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, leak: tuple[Path, Path]) -> Write:
    """Write a whole configuration, with lines put in place of others."""
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    until = datetime.now(UTC).date() + timedelta(days=400)
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    storage = tmp_path / "var"
    storage.mkdir(mode=0o700)
    whole = f"""
[storage]
path = "{storage}"
key_file = "{tmp_path / "keys" / "record.key"}"
[sealing]
recipients = ["{recipient}"]
[review]
port = {port}
[[leak]]
file = "{leak[0]}"
key_file = "{leak[1]}"
[[source]]
id = "paste"
start = ["http://127.0.0.1:9/"]
authority = "the controller"
authority_until = {until}
"""

    def written(changes: dict[str, str] | None = None) -> Path:
        text = whole
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "vigie.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return written


def of(checks: list[Check], name: str) -> Check:
    """The one check of that name."""
    (found,) = [check for check in checks if check.name == name]
    return found


def test_a_whole_installation_misses_nothing(write: Write) -> None:
    checks = list(doctor.examine(write()))
    assert [check for check in checks if check.state == "missing"] == []
    assert {"python", "browser", "configuration", "record", "leak", "sealing"} <= {
        check.name for check in checks
    }
    assert NAME not in repr(checks)


def test_every_note_and_every_want_says_what_to_do(tmp_path: Path, write: Write) -> None:
    (tmp_path / "var").chmod(0o750)
    checks = list(doctor.examine(write({'authority = "the controller"': ""})))
    assert of(checks, "storage").state == "note"
    assert of(checks, "source paste").state == "note"
    for check in checks:
        assert check.state == "ok" or check.fix, check


def test_a_configuration_that_cannot_be_read_is_one_row(tmp_path: Path) -> None:
    broken = tmp_path / "vigie.toml"
    broken.write_text("[storage\n", encoding="utf-8")
    checks = list(doctor.examine(broken))
    assert checks[-1].name == "configuration"
    assert checks[-1].state == "missing"
    assert "vigie.toml" in checks[-1].found
    assert of(checks, "python").state == "ok"


def test_a_damaged_fingerprint_file_stops_no_other_check(
    tmp_path: Path, write: Write, leak: tuple[Path, Path]
) -> None:
    damaged = tmp_path / "damaged.vfp"
    damaged.write_bytes(b"no fingerprints at all" * 100)
    checks = list(doctor.examine(write({str(leak[0]): str(damaged)})))
    assert of(checks, "leak").state == "missing"
    assert str(damaged) in of(checks, "leak").found


@pytest.mark.parametrize("place", [0, 1], ids=["file", "key"])
def test_a_folder_in_a_files_place_is_told_in_words(
    tmp_path: Path, write: Write, leak: tuple[Path, Path], place: int
) -> None:
    checks = list(doctor.examine(write({str(leak[place]): str(tmp_path)})))
    assert of(checks, "leak").state == "missing"
    assert str(tmp_path) in of(checks, "leak").found
    assert "rror" not in of(checks, "leak").found
    assert of(checks, "review").state == "ok"


def test_keys_that_others_read_and_keys_beside_what_they_open(
    tmp_path: Path, write: Write, leak: tuple[Path, Path]
) -> None:
    inside = tmp_path / "var" / "leak.key"
    inside.write_bytes(leak[1].read_bytes())
    inside.chmod(0o600)
    record = tmp_path / "var" / "record.key"
    record.write_bytes(b"x" * 32)
    record.chmod(0o644)
    config = write({str(leak[1]): str(inside), str(tmp_path / "keys" / "record.key"): str(record)})
    checks = list(doctor.examine(config))
    assert of(checks, "leak key").state == "note"
    assert of(checks, "record key").state == "missing"
    assert "chmod 600" in of(checks, "record key").fix


@pytest.mark.parametrize(
    ("days", "state"), [(-1, "missing"), (10, "note"), (60, "ok")], ids=["past", "soon", "fine"]
)
def test_an_authority_that_ends(write: Write, days: int, state: str) -> None:
    later = datetime.now(UTC).date() + timedelta(days=400)
    ends = datetime.now(UTC).date() + timedelta(days=days)
    checks = list(doctor.examine(write({str(later): str(ends)})))
    assert of(checks, "source paste").state == state


def test_a_port_in_use_and_no_browser(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = write()
    port = int(config.read_text().split("port = ")[1].split("\n")[0])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with socket.create_server(("127.0.0.1", port)):
        checks = list(doctor.examine(config))
    assert of(checks, "review").state == "note"
    assert of(checks, "browser").state == "missing"
    assert "chromium" in of(checks, "browser").fix


def test_a_recipient_that_is_no_age_key(write: Write) -> None:
    config = write()
    recipient = config.read_text().split('recipients = ["')[1].split('"')[0]
    checks = list(doctor.examine(write({recipient: "age1nonsense"})))
    assert of(checks, "sealing").state == "missing"


@pytest.mark.parametrize("apart", [True, False])
def test_a_work_recipient_that_is_no_key_or_not_apart(write: Write, apart: bool) -> None:
    config = write()
    recipient = config.read_text().split('recipients = ["')[1].split('"')[0]
    work = "age1nonsense" if apart else recipient
    found = of(
        list(doctor.examine(write({"[sealing]": f'[sealing]\nwork_recipient = "{work}"'}))),
        "sealing",
    )
    assert found.state == "missing"
    assert "work_recipient" in found.found
    assert "recipients, entry" not in found.found


def test_files_that_are_read_only_when_a_dossier_is_due(write: Write) -> None:
    evidence = (
        '[evidence]\nsign_key_file = "none.key"\n[[evidence.authority]]\nname = "one"\n'
        'url = "https://tsa.example/"\nroots = "none.pem"\n[review]'
    )
    checks = list(doctor.examine(write({"[review]": evidence})))
    missing = [check for check in checks if check.name == "files"]
    assert [check.state for check in missing] == ["missing", "missing"]
    assert "evidence.sign_key_file" in missing[0].fix
    assert "evidence.authority one: roots" in missing[1].fix


def test_an_engine_that_is_no_spider(write: Write) -> None:
    checks = list(doctor.examine(write({"[[source]]": '[[source]]\nengine = "phpbbb"'})))
    found = next(check for check in checks if check.name.startswith("source "))
    assert (found.state, "phpbbb" in found.found) == ("missing", True)


@pytest.mark.parametrize("whole", [True, False])
def test_the_command_ends_with_one_when_something_is_missing(
    write: Write, whole: bool, tmp_path: Path
) -> None:
    config = write() if whole else tmp_path / "nowhere.toml"
    command = [
        str(Path(sys.executable).with_name("vigie")),
        "doctor",
        "--json",
        "--config",
        str(config),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == (0 if whole else 1), ended.stderr
    assert any(row["state"] == "missing" for row in rows) is not whole
    assert "Traceback" not in ended.stderr
