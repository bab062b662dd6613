"""`vigie serve` and `vigie user`, as processes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from index.engine import open_record
from tests import commands
from tests.review.conftest import PASSWORD, post

VIGIE = [sys.executable, "-m", "vigie.cli"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "vigie.toml"
    file.write_text('[storage]\npath = "var"\n[review]\nport = 0\n')
    return file


@pytest.fixture
def kept(config: Path) -> Path:
    """The configuration of a record that is there already: making one takes most of a command."""
    open_record(f"sqlite:///{config.parent}/var/vigie.db").dispose()
    return config


def run(config: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    done = commands.vigie(*words, "--config", config, stdin=given.encode(), timeout=60)
    return commands.as_text(done)


def test_a_user_from_the_command_line_signs_in(config: Path) -> None:
    secret = config.parent / "secret"
    secret.write_text(PASSWORD + "\n")
    assert run(config, "user", "add", "jeanne", "--password-file", str(secret)).returncode == 0
    assert run(config, "user", "add", "paul", given=PASSWORD + "\n").returncode == 0
    again = run(config, "user", "add", "jeanne", "--no-password")
    assert again.returncode == 4
    assert "already a user jeanne" in again.stderr
    listed = run(config, "user", "list", "--json").stdout.splitlines()
    assert [json.loads(line)["name"] for line in listed] == ["jeanne", "paul"]
    server = subprocess.Popen(
        [*VIGIE, "serve", "--json", "--login-link", "paul", "--config", str(config)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout
        told = json.loads(server.stdout.readline())
        with httpx.Client(base_url=told["address"]) as client:
            form = {"name": "jeanne", "password": PASSWORD}
            assert post(client, "/login", form, page="/login").status_code == 303
            assert client.get("/alerts").status_code == 200
            assert run(config, "user", "disable", "jeanne").returncode == 0
            assert client.get("/alerts").status_code == 303
        token = told["login"].partition("#")[2]
        with httpx.Client(base_url=told["address"]) as client:
            form = {"token": token}
            assert post(client, "/login/once", form, page="/login/once").status_code == 303
    finally:
        server.send_signal(signal.SIGTERM)
        _, noise = server.communicate(timeout=15)
    assert token not in noise
    assert "login" not in noise, "no request is logged"


def test_a_taken_port_and_an_outside_host_are_one_sentence_and_4(kept: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = run(kept, "serve", "--port", str(other.getsockname()[1]))
    assert ended.returncode == 4
    assert ended.stderr.count("\n") == 1
    assert "--port" in ended.stderr
    ended = run(kept, "serve", "--host", "0.0.0.0")
    assert ended.returncode == 4
    assert "allow_outside" in ended.stderr


def test_a_password_never_stands_on_the_command_line(kept: Path) -> None:
    ended = run(kept, "user", "add", "jeanne", "--password", PASSWORD)
    assert ended.returncode == 2
    ended = run(kept, "user", "add", "jeanne", given="\n")
    assert ended.returncode == 2
    ended = run(kept, "user", "add", "jeanne", "--password-file", "/nowhere")
    assert ended.returncode == 4
    assert "cannot be read" in ended.stderr


def test_a_link_for_nobody_is_refused(kept: Path) -> None:
    ended = run(kept, "user", "login-link", "nobody")
    assert ended.returncode == 4
    assert "no user nobody" in ended.stderr
    ended = run(kept, "serve", "--login-link", "nobody")
    assert ended.returncode == 4
