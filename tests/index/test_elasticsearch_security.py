"""TLS is checked, each key can do its own work alone, and each error says what is wrong."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from elasticsearch import AuthorizationException
from typer.testing import CliRunner

from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.errors import IndexUnavailable
from index.kibana import saved_objects
from tests import commands
from tests.elasticsearch_node.certificates import Authority, Certificate
from tests.elasticsearch_node.node import PASSWORD, Node
from tests.index import kibana_queries
from tests.index.search_documents import alert, hit
from vigie.cli import build

Open = Callable[..., ElasticsearchIndex]


@pytest.fixture(scope="module")
def keys(secured: Node, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of keys that `vigie index setup` made."""
    folder = tmp_path_factory.mktemp("setup")
    config, password = folder / "vigie.toml", folder / "password"
    config.write_text(f'[elasticsearch]\nurl = "{secured.url}"\nca_file = "{authority.ca}"\n')
    password.write_text(PASSWORD)
    done = CliRunner().invoke(
        build(),
        ["index", "setup", "--config", str(config), "--user", "elastic",
         "--password-file", str(password), "--keys", str(folder / "keys")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "crawler_key_file = " in done.output
    assert PASSWORD not in done.output
    return folder / "keys"


@pytest.fixture
def opened(secured: Node, authority: Authority, keys: Path) -> Iterator[Open]:
    """opened(crawler=…, review=…, rebuild=…): an index whose parts use these roles' keys."""
    with ExitStack() as stack:

        def make(
            crawler: str = "crawler", review: str = "review", rebuild: str = "rebuild"
        ) -> ElasticsearchIndex:
            parts = [
                Access(
                    secured.url,
                    api_key=(keys / f"elasticsearch-{role}.key").read_text().strip(),
                    ca_file=authority.ca,
                )
                for role in (crawler, review, rebuild)
            ]
            index = ElasticsearchIndex(parts[1], names=Names(), crawler=parts[0], rebuild=parts[2])
            return stack.enter_context(closing(index))

        yield make


def test_each_role_does_its_work(opened: Open, keys: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    index = opened()
    assert not index.write([alert(1), hit(1)])
    assert not index.write([alert(1, 2, status="confirmed"), hit(1)])
    index.refresh()
    assert index.count("status:confirmed") == 1
    assert index.ids("hit") == {"hit-1"}
    made = index.begin_rebuild()
    assert not made.write([alert(1, 2, status="confirmed"), hit(1)])
    assert made.summary("alert").count == 1
    made.swap()
    index.refresh()
    assert index.count("status:confirmed") == 1
    assert index.health().state == "green"


def test_the_commands_use_the_keys(secured: Node, authority: Authority, keys: Path) -> None:
    lines = [
        f'{name} = "{keys / f"elasticsearch-{role}.key"}"'
        for name, role in (
            ("api_key_file", "review"), ("crawler_key_file", "crawler"),
            ("rebuild_key_file", "rebuild"),
        )
    ]  # fmt: skip
    config = keys.parent / "used.toml"
    lines += [f'url = "{secured.url}"', f'ca_file = "{authority.ca}"']
    config.write_text("\n".join(["[elasticsearch]", *lines]) + "\n")
    for command in ("rebuild", "status"):
        done = CliRunner().invoke(build(), ["index", command, "--config", str(config), "--json"])
        assert done.exit_code == 0, (done.output, done.exception)
    found = json.loads(done.stdout)
    assert found["index"] == "elasticsearch"
    assert found["reachable"]
    assert found["missing"] == found["extra"] == 0


def test_a_reader_sees_what_dashboards_show_and_changes_nothing(
    secured: Node, authority: Authority, keys: Path, opened: Open
) -> None:
    assert not opened().write([alert(11), hit(11)])
    opened().refresh()
    admin = Access(secured.url, user="elastic", password=PASSWORD, ca_file=authority.ca)
    with closing(connect(admin)) as client:
        client.security.put_user(
            username="analyst", password="readers-password", roles=["vigie-reader"]
        )
    reader = replace(admin, user="analyst", password="readers-password")
    with closing(connect(reader)) as client:
        for lens in (one for one in saved_objects(Names()) if one["type"] == "lens"):
            kind = "hits" if "-lens-hits-" in lens["id"] else "alerts"
            answer = client.search(index=f"vigie-{kind}", **kibana_queries.request(lens)).body
            assert answer["_shards"]["failed"] == 0
        for index in ("vigie-alerts", "vigie-hits-w000000"):
            with pytest.raises(AuthorizationException):
                client.index(index=index, document={"vigie": {"kind": "alert"}})
            with pytest.raises(AuthorizationException):
                client.indices.delete(index=index)


def test_no_key_does_anothers_work(opened: Open) -> None:
    wrong_role = "another role"
    with pytest.raises(IndexUnavailable, match=wrong_role):
        opened(review="crawler").search("")
    with pytest.raises(IndexUnavailable, match=wrong_role):
        opened(review="crawler").write([alert(7)])
    with pytest.raises(IndexUnavailable, match=wrong_role):
        opened(crawler="review").write([hit(7)])
    for role in ("crawler", "review"):
        with pytest.raises(IndexUnavailable, match=wrong_role):
            opened(rebuild=role).begin_rebuild()


def test_the_certificate_is_checked(secured: Node, authority: Authority, tmp_path: Path) -> None:
    assert secured.certificate is not None
    right = Access(secured.url, user="elastic", password=PASSWORD, ca_file=authority.ca)
    fingerprint = secured.certificate.fingerprint
    other = Authority(tmp_path / "other", "Another authority")
    by_fingerprint = replace(right, ca_file=None, fingerprint=fingerprint)
    for access in (right, by_fingerprint):
        assert "8." in health_of(access)
    wrong = [
        (replace(right, ca_file=other.ca), "refused: no authority"),
        (replace(right, ca_file=None), "refused: no authority"),
        (replace(right, ca_file=None, fingerprint="ab" * 32), "refused: its fingerprint"),
    ]
    for access, words in wrong:
        with pytest.raises(IndexUnavailable, match=words):
            health_of(access)


def test_a_ca_file_that_is_none_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    for file, words in ((empty, "holds no certificate"), (tmp_path / "none.pem", "No such file")):
        with pytest.raises(IndexUnavailable, match=words) as raised:
            connect(Access("https://127.0.0.1:9", ca_file=file))
        assert str(file) in str(raised.value)


def test_another_hosts_certificate_is_named(authority: Authority) -> None:
    others = authority.issue("others", host="elsewhere.example")
    with served({}, others) as port, pytest.raises(IndexUnavailable, match="another host's"):
        health_of(Access(f"https://127.0.0.1:{port}", ca_file=authority.ca))


def test_an_expired_certificate_is_named(authority: Authority) -> None:
    expired = authority.issue("expired", days=-1)
    with served({}, expired) as port, pytest.raises(IndexUnavailable, match="expired"):
        health_of(Access(f"https://127.0.0.1:{port}", ca_file=authority.ca))


def test_a_wrong_key_or_password_is_named(secured: Node, authority: Authority) -> None:
    nobody = Access(secured.url, ca_file=authority.ca)
    for access in (
        nobody,
        replace(nobody, api_key="d3Jvbmc6d3Jvbmc="),
        replace(nobody, api_key="no key at all"),
        replace(nobody, user="elastic", password="wrong"),
    ):
        with pytest.raises(IndexUnavailable, match="does not accept the key or password"):
            health_of(access)


def test_a_wrong_scheme_is_named(secured: Node) -> None:
    with pytest.raises(IndexUnavailable, match=r"want https://"):
        health_of(Access(secured.url.replace("https", "http")))
    with served({}) as port, pytest.raises(IndexUnavailable, match="speaks no TLS"):
        health_of(Access(f"https://127.0.0.1:{port}"))


@pytest.mark.parametrize(
    ("headers", "version", "words"),
    [
        ({}, "8.19.0", "no Elasticsearch"),
        ({}, "404", "no Elasticsearch"),
        ({"X-Elastic-Product": "Elasticsearch"}, "7.17.9", "needs 8.19 or 9"),
        ({"X-Elastic-Product": "Elasticsearch"}, "8.2.0", "needs 8.19 or 9"),
    ],
)
def test_what_is_no_server_of_ours_is_named(
    headers: dict[str, str], version: str, words: str
) -> None:
    with served(headers, version=version) as port, pytest.raises(IndexUnavailable, match=words):
        health_of(Access(f"http://127.0.0.1:{port}"))


def test_nobody_listening_is_named() -> None:
    with served({}) as port:
        pass
    with pytest.raises(IndexUnavailable, match="cannot be reached: nothing listens there"):
        health_of(Access(f"http://127.0.0.1:{port}"))
    with pytest.raises(IndexUnavailable, match="cannot be reached: the host"):
        health_of(Access("https://vigie.invalid:9200"))


@pytest.mark.parametrize("command", [["status"], ["rebuild"], ["setup", "--user", "elastic"]])
def test_a_command_says_what_is_wrong_in_one_line(tmp_path: Path, command: list[str]) -> None:
    """No warning of a library and no traceback beside it."""
    (tmp_path / "password").write_text("x")
    more = ["--password-file", str(tmp_path / "password")] if "setup" in command else []
    with served({}) as port:
        config = tmp_path / "vigie.toml"
        config.write_text(f'[elasticsearch]\nurl = "https://127.0.0.1:{port}"\n')
        done = commands.as_text(
            commands.vigie("index", *command, *more, "--config", config, timeout=120)
        )
    assert done.returncode == 4
    (line,) = done.stderr.splitlines()
    assert line.startswith("vigie: ")
    assert "speaks no TLS" in line
    assert "0 missing" not in done.stdout


@pytest.mark.parametrize(
    "url", ["http://es.example:9200", "https://u:p@es.example:9200", "es.example:9200", "https://x"]
)
def test_an_address_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(IndexUnavailable, match=r"elasticsearch\.url"):
        connect(Access(url))


def health_of(access: Access) -> str:
    with closing(ElasticsearchIndex(access)) as index:
        index.count("")
        return index.health().detail


@contextmanager
def served(
    headers: dict[str, str], certificate: Certificate | None = None, version: str = "8.19.0"
) -> Iterator[int]:
    """A web server that says it is some version, on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"version": {"number": version}}).encode()
            self.send_response(404 if version == "404" else 200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

        do_POST = do_GET  # noqa: N815 - named by http.server

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
