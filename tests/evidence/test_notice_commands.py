"""`vigie notice …` as a person runs it, with a real mail server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.evidence.mail_server import MailBox, mail_server
from tests.evidence.seeding import seed_alert
from vigie.cli import build
from vigie.config import ConfigError, load
from vigie.wiring import open_record


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailBox]:
    with mail_server(tmp_path / "mail") as box:
        yield box


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(build(), [str(one) for one in arguments])
    return result.exit_code, result.output


def test_from_draft_to_answer(tmp_path: Path, mail: MailBox) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text(
        '[evidence]\norganisation = "CERT d’essai"\n[smtp]\nhost = "127.0.0.1"\n'
        f'port = {mail.port}\nca_file = "{mail.ca_file}"\nsender = "cert@exemple.fr"\n'
    )
    with open_record(load(file)) as record:
        case = seed_alert(record.engine).new[0].case

    def notice(*arguments: object) -> tuple[int, str]:
        return run("notice", *arguments, "--config", file)

    status, told = notice("draft", case, "--to", "host", "--contact", "abuse@h.exemple", "--json")
    assert status == 0
    drafted = json.loads(told)
    assert (drafted["state"], drafted["missing"]) == ("draft", [])
    status, told = notice("show", drafted["id"], "-o", tmp_path / "request")
    assert (status, f"SHA-256 {drafted['sha256']}" in told) == (0, True)
    assert sorted(path.name for path in (tmp_path / "request").iterdir()) == [
        "request.eml", "request.txt", "xarf-1.json"
    ]  # fmt: skip
    approving = ("approve", drafted["id"], "--sha256", drafted["sha256"])
    assert notice(*approving)[0] == 2  # a person's name is asked for
    assert notice(*approving, "--who", "Me Martin")[0] == 0
    status, told = notice("send", drafted["id"], "--json")
    assert (status, json.loads(told)["state"]) == (0, "waiting")
    assert mail.recipients == [["abuse@h.exemple"]]
    assert notice("draft", case, "--to", "host", "--contact", "abuse@h.exemple")[0] == 4
    reply = tmp_path / "reply.eml"
    reply.write_text("retiré")
    status, told = notice("answer", drafted["id"], "--kind", "removed", "--file", reply)
    assert (status, "answered" in told) == (0, True)
    status, told = notice("draft", case, "--language", "en")  # the host was asked already
    assert (status, "vigie: host paste.example" in told) == (3, True)
    status, told = notice("list", "--case", case, "--json")
    assert len(told.splitlines()) == 5
    assert notice("claim", case, "--claimant", "Laboratoire X")[1].count("MISSING") == 4
    status, told = notice("annex", case)
    assert (status, "Laboratoire X" in told, "abuse@h.exemple" in told) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("draft", 1, "--to", "hoster"), "--to is one of publisher, host, registrar"),
        (("draft", 1, "--to", "host", "--to", ""), '; not "".'),
        (("draft", 1, "--language", "de"), "--language is one of fr, en; not de."),
        (("answer", 1, "--kind", "deleted"), "--kind is one of receipt, bounce, question"),
    ],
)
def test_a_word_that_is_none_is_wrong_use(
    tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text("")
    status, told = run("notice", *arguments, "--config", file)
    assert (status, said in told) == (2, True), told


@pytest.mark.parametrize(
    ("language", "named"),
    [
        ("fr", {"éditeur de", "hébergeur de", "bureau d’enregistrement de", "CDN de",
                "moteur de recherche"}),
        ("en", {"publisher of", "host of", "registrar of", "CDN of", "search engine"}),
    ],
)  # fmt: skip
def test_a_letter_names_its_addressee_in_its_own_language(
    tmp_path: Path, language: str, named: set[str]
) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text('[evidence]\norganisation = "CERT d’essai"\n')
    with open_record(load(file)) as record:
        case = seed_alert(record.engine).new[0].case
    status, told = run("notice", "draft", case, "--language", language, "--json", "--config", file)
    assert status == 0
    names = [json.loads(line)["name"] for line in told.splitlines()]
    assert len(names) == 5
    assert all(any(name.startswith(one) for one in named) for name in names)
    assert not any("/" in name for name in names)


def test_mail_never_goes_in_clear_over_a_network(tmp_path: Path) -> None:
    file = tmp_path / "vigie.toml"
    file.write_text('[smtp]\nhost = "mail.exemple.fr"\ntls = "none"\n')
    with pytest.raises(ConfigError, match="on this machine"):
        load(file)
