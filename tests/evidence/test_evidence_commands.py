"""`vigie evidence …` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.evidence.certificates import issue
from tests.evidence.seeding import seed_alert
from tests.evidence.tsa import TimeStampServer
from vigie.cli import build
from vigie.config import load
from vigie.wiring import open_record


@pytest.fixture
def config(tmp_path: Path, tsa: TimeStampServer) -> Path:
    root = issue(tmp_path, "root", is_ca=True)
    issue(tmp_path, "dossier", by=root)
    file = tmp_path / "vigie.toml"
    file.write_text(
        "[evidence]\n"
        'organisation = "CERT d’essai"\n'
        'sign_key_file = "dossier.key"\n'
        'sign_certificate_file = "dossier.pem"\n'
        'sign_roots = "root.pem"\n'
        "[[evidence.authority]]\n"
        'name = "essai"\n'
        f'url = "http://127.0.0.1:{tsa.port}/tsr"\n'
        f'roots = "{tsa.root.certificate_file}"\n'
        'allow_addresses = ["127.0.0.0/8"]\n',
        "utf-8",
    )
    with open_record(load(file)) as record:
        # A bare address on this machine: nothing outside is asked about it.
        seed_alert(record.engine, host="127.0.0.1")
    return file


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(build(), [str(one) for one in arguments])
    return result.exit_code, result.stdout


def test_gather_export_verify(config: Path, tmp_path: Path) -> None:
    status, told = run("evidence", "gather", "--json", "--config", config)
    assert (status, json.loads(told)["pieces"]) == (0, 9)
    out = tmp_path / "dossier"
    export = ("evidence", "export", 1, "-o", out, "--reason", "assignation", "--config", config)
    status, told = run(*export, "--json")
    made = json.loads(told)
    assert (status, made["captures"], made["stamped"]) == (0, 1, ["essai"])
    status, told = run(*export[:4], tmp_path / "again", *export[5:])
    assert (status, ": 1 capture, " in told) == (0, True)
    status, told = run("evidence", "verify", out)
    assert (status, "Every check passed" in told) == (0, True)
    told_dns = json.loads((out / "captures/1/dns.json").read_text("utf-8"))
    assert told_dns["state"] == "not-possible"
    told_page = json.loads((out / "captures/1/page.png.json").read_text("utf-8"))
    assert (told_page["state"], "no longer watched" in told_page["error"]) == ("failed", True)
    told_direct = json.loads((out / "captures/1/directe.json").read_text("utf-8"))
    assert told_direct["state"] == "not-needed"
    decided = ("--who", "J. Martin", "--reason", "constat", "--yes", "--config", config)
    answer = CliRunner().invoke(build(), ["evidence", "direct", "1", *map(str, decided)])
    assert (answer.exit_code, "public address: not measured" in answer.stdout) == (4, True)
    assert "the capture itself is direct" in answer.stderr
    (out / "LIMITES.md").write_text("Tout est prouvé.\n")
    status, told = run("evidence", "verify", out, "--json")
    assert status == 1
    assert ["LIMITES.md", "is not the file that SHA256SUMS names"] in json.loads(told)["failed"]


def test_what_cannot_be_done_is_said_in_one_sentence(config: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(build(), ["evidence", "verify", str(tmp_path / "nothing")])
    assert (result.exit_code, "is no folder" in result.stderr) == (4, True)
    result = CliRunner().invoke(
        build(), ["evidence", "export", "7", "-o", str(tmp_path / "d"), "--config", str(config)]
    )
    assert "There is no case 7" in str(result.exception)
    assert not (tmp_path / "d").exists()
