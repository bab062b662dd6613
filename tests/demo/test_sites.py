"""The real sites start, say so, keep what is posted, and end with whoever started them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from egress.policy import Policy
from evidence.errors import NotStamped
from evidence.timestamp.authority import Authority, ask
from vigie.demo.errors import SiteError
from vigie.demo.sites import BepastySite, ForumSite, JsBoardSite, PinnwandSite, Site
from vigie.demo.sites.process import start_all
from vigie.demo.trust import TimeStampSite

pytestmark = pytest.mark.sites


@pytest.mark.parametrize("kind", [PinnwandSite, BepastySite, JsBoardSite])
def test_the_address_stays_over_a_restart(kind: type[Site], tmp_path: Path) -> None:
    site = kind(tmp_path).start()
    address = site.address
    site.stop()
    assert not site.running
    again = kind(tmp_path, site.port).start()
    try:
        assert again.address == address
        assert httpx.get(address + "/", trust_env=False).status_code == 200
    finally:
        again.stop()


def test_a_taken_port_is_one_sentence_with_a_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(SiteError, match=rf"Port {port} .* already in use.*--fresh"):
            JsBoardSite(tmp_path, port).start()


def test_one_that_cannot_start_stops_the_others(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        board = JsBoardSite(tmp_path / "a")
        taken = JsBoardSite(tmp_path / "b", holder.getsockname()[1])
        with pytest.raises(SiteError):
            start_all([board, taken])
        assert not board.running


def test_a_missing_environment_names_the_command(tmp_path: Path) -> None:
    site = PinnwandSite(tmp_path)
    site.interpreter = tmp_path / "nowhere" / "python"
    with pytest.raises(SiteError, match="make install-sites"):
        site.start()


def test_a_site_that_ends_at_start_names_its_log(tmp_path: Path) -> None:
    site = JsBoardSite(tmp_path)
    site.folder.mkdir(exist_ok=True)
    (site.folder / "board.db").mkdir()
    with pytest.raises(SiteError, match=r"ended at start.*site\.log"):
        site.start()
    assert not site.running


def test_it_listens_on_loopback_alone(pinnwand: PinnwandSite) -> None:
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(pinnwand.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import sys,time;from pathlib import Path;from vigie.demo.sites import JsBoardSite;"
        "s=JsBoardSite(Path(sys.argv[1])).start();print(s.pid,flush=True);time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    # In a container nobody may reap an orphan; a zombie is dead all the same.
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_board_shows_no_post_without_its_script(jsboard: JsBoardSite) -> None:
    shell = httpx.get(jsboard.address + "/", trust_env=False).text
    assert 'href="/p/' not in shell
    assert "/x" not in shell
    assert httpx.get(jsboard.address + "/x", trust_env=False).status_code == 403


def test_the_forum_has_its_accounts_and_categories(forum: ForumSite) -> None:
    assert len(forum.password("observer")) >= 12
    assert "Fuites et trouvailles" in httpx.get(forum.address + "/", trust_env=False).text


def test_the_demo_s_own_authority_stamps_for_whoever_trusts_its_root(tmp_path: Path) -> None:
    with TimeStampSite(tmp_path / "tsa-one") as site:
        own = Authority("tsa-one", f"{site.address}/", site.roots, policy=Policy(["127.0.0.0/8"]))
        assert ask(own, b"a manifest").authority == "tsa-one"
        other = TimeStampSite(tmp_path / "tsa-two")
        other.folder.mkdir()
        other.prepare()
        with pytest.raises(NotStamped):
            ask(replace(own, roots=other.roots), b"a manifest")
        assert httpx.post(site.address, content=b"x" * 20_000, trust_env=False).status_code == 413
    assert (site.folder / "signer.key").stat().st_mode & 0o777 == 0o600
