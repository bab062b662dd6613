"""What `vigie source check` shows of a site before anything is scheduled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.unseen.archives import Endless
from tests.unseen.forums import Tables1999
from tests.unseen.serving import Answer, Server, World
from vigie.cli import build

Check = Callable[..., Any]


class Unlisted(World):
    """A paste site that lists nothing; one paste exists."""

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """A form, and a paste."""
        del query
        if path == "/":
            return Answer("<body><h1>Coller</h1><form><textarea name=t></textarea></form></body>")
        if path == "/a1b2c3d4":
            return Answer("Jean Dupont;0612345678\nune ligne", "text/plain")
        return None


@pytest.fixture
def serve() -> Iterator[Callable[[World], str]]:
    servers: list[Server] = []

    def make(world: World) -> str:
        servers.append(Server(world))
        return servers[-1].address

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def check(tmp_path: Path) -> Check:
    config = tmp_path / "vigie.toml"

    def ask(*arguments: str, sources: str = "") -> Any:
        config.write_text(f'[storage]\npath = "{tmp_path / "store"}"\n{sources}')
        asked = ["source", "check", "--config", str(config), *arguments]
        return CliRunner().invoke(build(), asked)

    return ask


ALLOW = ("--allow-address", "127.0.0.0/8", "--pages", "3")


def test_an_address_is_tried_without_being_added(
    serve: Callable[[World], str], check: Check
) -> None:
    found = check(f"{serve(Tables1999())}/board.cgi?b=0", *ALLOW, "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert (told["engine"], told["readable"]) == ("generic", True)
    first = told["read"][0]
    assert (first["kind"], first["links"], first["told"]) == ("list", 12, 12)
    assert first["sure"] >= 80
    assert any("pager" in reason for reason in first["reasons"])
    assert len(first["ways"]) == 12
    assert told["ways_in"] == {"list": True, "feeds": 0, "address_files": 0, "other_sources": 0}
    assert told["seen"]
    listed = CliRunner().invoke(build(), ["source", "list", "--config", _config(check), "--json"])
    assert listed.stdout == ""


def _config(check: Check) -> str:
    cells = [cell.cell_contents for cell in check.__closure__ or ()]
    return str(next(one for one in cells if isinstance(one, Path) and one.suffix == ".toml"))


def test_a_site_without_a_list_says_how_it_is_fed_and_shows_nobody(
    serve: Callable[[World], str], check: Check, tmp_path: Path
) -> None:
    address = serve(Unlisted())
    links = tmp_path / "links.txt"
    links.write_text(f"# seen elsewhere\n{address}/a1b2c3d4\n")
    source = (
        f'[[source]]\nid = "unlisted"\nstart = ["{address}/"]\nfeeds = ["{links}"]\n'
        'delay = "0s"\nallow_addresses = ["127.0.0.0/8"]\n'
        '[[source]]\nid = "other"\nstart = ["http://forum.example/"]\n'
    )
    told = check("unlisted", sources=source)
    assert told.exit_code == 0, told.output
    assert "New posts come from: 1 file of addresses, links in the posts of 1 other host." in (
        told.stdout
    )
    assert "pastes that nobody links and no feed names are not seen" in told.stdout.replace(
        "\n", " "
    )
    assert "/a1b2c3d4  32 characters" in told.stdout
    assert "Dupont" not in told.stdout
    assert "0612345678" not in told.stdout


def test_an_inner_address_names_the_way_that_there_is_to_allow_it(
    serve: Callable[[World], str], check: Check
) -> None:
    """An address that is only tried stands in no configuration; a source does."""
    address = serve(Unlisted())
    tried = check(f"{address}/", "--pages", "2")
    assert tried.exit_code == 1
    assert "--allow-address" in tried.stdout
    assert "allow_addresses" not in tried.output
    sources = f'[[source]]\nid = "a"\nstart = ["{address}/"]\ndelay = "0s"\n'
    assert "allow_addresses" in check("a", sources=sources).stdout
    wrong = check(f"{address}/", "--allow-address", "here")
    assert wrong.exit_code == 2
    assert 'vigie: --allow-address here: is no network: write for example "10.0.0.0/8".' in (
        wrong.output.replace("\n", " ")
    )


def test_the_crawl_that_would_follow_is_bounded(
    serve: Callable[[World], str], check: Check
) -> None:
    found = check(f"{serve(Endless())}/", *ALLOW)
    assert found.exit_code == 0, found.output
    assert "its own list" in found.stdout
    assert "budget (1)" in found.stdout


def test_a_site_where_nothing_is_seen_is_an_answer(
    serve: Callable[[World], str], check: Check
) -> None:
    found = check(f"{serve(Unlisted())}/", *ALLOW)
    assert found.exit_code == 1
    assert "nothing-seen" in found.stdout
    assert "New posts come from: nowhere." in found.stdout
