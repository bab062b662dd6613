"""The demo's folder: one run at a time, never another's files, the same ports again."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from vigie.config import load
from vigie.demo import prepare
from vigie.demo.errors import DemoError
from vigie.demo.folder import PORTS, DemoFolder


def test_ports_and_round_stay_and_other_rows_start_afresh(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    state = folder.open(2000)
    state.round = 3
    folder.save(state)
    (folder.storage / "kept").touch()
    folder.close()
    again = DemoFolder(tmp_path / "demo")
    assert again.open(2000) == state
    assert (again.storage / "kept").exists()
    again.close()
    other = DemoFolder(tmp_path / "demo")
    assert other.open(3000).round == 0
    assert not (other.storage / "kept").exists()
    other.close()


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DemoError, match="--folder"):
        DemoFolder(tmp_path).open(2000, fresh=True)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_two_runs_cannot_hold_one_folder(tmp_path: Path) -> None:
    first = DemoFolder(tmp_path / "demo")
    first.open(2000)
    with pytest.raises(DemoError, match="Another demo runs"):
        DemoFolder(tmp_path / "demo").open(2000)
    first.close()
    second = DemoFolder(tmp_path / "demo")
    second.open(2000)
    second.close()


def test_a_taken_port_is_replaced_on_a_fresh_start(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", PORTS["forum"]))
            holder.listen(1)
        except OSError:
            pass  # someone else holds it: as good
        folder = DemoFolder(tmp_path / "demo")
        ports = folder.open(2000).ports
        folder.close()
    assert ports["forum"] != PORTS["forum"]
    assert len(set(ports.values())) == len(PORTS)


def test_the_leak_and_keys_are_made_once_and_the_configuration_loads(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "demo")
    state = folder.open(2000)
    steps: list[int] = []
    assert prepare.make_leak(folder, state, steps.append)
    assert steps[-1] == 2000
    assert not prepare.make_leak(folder, state, steps.append)
    folder.leak.write_bytes(folder.leak.read_bytes()[:-5])
    assert prepare.make_leak(folder, state, steps.append)

    recipients = prepare.make_keys(folder, "secret word")
    assert prepare.make_keys(folder, "secret word") == recipients
    assert (folder.keys / "leak.key").stat().st_mode & 0o777 == 0o600
    assert (folder.keys / "sealing.agekey").stat().st_mode & 0o777 == 0o600
    prepare.write_config(folder, state, recipients, "8s")
    config = load(folder.config)
    assert [source.id for source in config.source] == ["forum", "pinnwand", "bepasty", "board"]
    assert config.sealing.recipients == list(recipients.sealed_to)
    assert len({*recipients.sealed_to, recipients.review}) == 3
    assert config.sealing.work_recipient == recipients.review
    assert [one.name for one in config.evidence.authority] == ["tsa-one", "tsa-two"]
    assert config.evidence.sign_key_file == folder.keys / "dossier.key"
    assert (folder.keys / "dossier.key").stat().st_mode & 0o777 == 0o600
    assert config.sealing.work_key_file == folder.keys / "review.agekey"
    assert config.source[0].account[0].password_file == folder.keys / "observer-password"
    assert config.source[1].feeds == [folder.feed.as_uri()]
    private = (folder.keys / "sealing.agekey").read_text(encoding="ascii").strip()
    assert not folder.keys.is_relative_to(config.storage.path)
    assert private not in folder.config.read_text(encoding="utf-8")
    folder.close()
