"""The limited child: what it may do, and six ways for it to end."""

from __future__ import annotations

import base64
import bz2
import errno
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extraction import messages, pipe
from extraction.errors import ChildDied, ExtractionError, TookTooLong, TooLarge
from extraction.layers import Document, Extracted, Layer, Limits
from extraction.read import documents, extract
from extraction.sandbox import Sandbox
from tests.extraction import samples

HOSTILE = Path(__file__).parent / "hostile_child.py"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=20)) as box:
        yield box


@pytest.fixture(scope="module")
def first() -> Iterator[Sandbox]:
    """One that meets nothing but texts and plain archives."""
    with Sandbox(Limits(seconds=20)) as box:
        yield box


def misbehaving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children do what a document's name says, and are otherwise genuine."""
    real = subprocess.Popen

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return real([command[0], str(HOSTILE), *command[3:]], **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("extraction.sandbox.subprocess.Popen", start)


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox with such a child."""
    misbehaving(monkeypatch)
    with Sandbox(Limits(seconds=3, memory=640 << 20)) as box:
        yield box


def test_the_child_gives_what_extraction_gives(sandbox: Sandbox) -> None:
    packed = base64.b64encode(gzip.compress("MARTINEAU;Jeanne-Élise".encode()))
    found = sandbox.extract(b"see " + packed)
    assert [layer.name for layer in found.layers] == ["", "base64>gzip"]
    assert found.layers[1].text == "MARTINEAU;Jeanne-Élise"
    [document] = sandbox.documents(b"x", name="a.txt")
    assert (document.name, document.bytes, document.extracted.layers[0].text) == ("a.txt", 1, "x")


def test_the_child_stays_up_between_documents(sandbox: Sandbox) -> None:
    sandbox.extract(b"one")
    pid = sandbox.pid
    begin = time.monotonic()
    for _ in range(50):
        sandbox.extract(b"two")
    assert sandbox.pid == pid
    assert time.monotonic() - begin < 5


ORDINARY = {
    "text": "NIR;NOM\n1;Élise".encode(),
    "page": '<!doctype html><p>Élise &amp; co</p><script>{"a": "b"}</script>'.encode(),
    "western": "Élise née à Nîmes, été".encode("cp1252"),
    "utf-16": "Élise née à Nîmes".encode("utf-16"),
    "zip": samples.zipped({"a.txt": "Élise", "b/c.html": "<html><p>Élise"}),
    "tar": samples.tarred({"a.txt": b"Elise"}),
    "tar.gz": samples.tarred({"a.txt": b"Elise"}, "w:gz"),
    "tar.xz": samples.tarred({"a.txt": b"Elise"}, "w:xz"),
    "bz2": bz2.compress(b"Elise"),
    "packed": b"see " + base64.b64encode(gzip.compress(b"MARTINEAU;Elise")) + b" =C3=89lise %C3%89",
    "docx": samples.docx(),
    "zip in base64": base64.b64encode(samples.zipped({"a.txt": "MARTINEAU;Elise" * 9})),
}
FURTHER = {
    "xlsx": samples.xlsx(), "pdf": samples.pdf(),
    "sqlite": samples.sqlite_file(), "picture": samples.picture(),
    "7z": samples.seven_zipped({"a.txt": b"Elise"}), "rar": samples.rar({"a.txt": b"Elise"}),
    "locked zip": samples.locked_zip({"a.txt": b"Elise"}, "secret"),
    "pdf in a zip": samples.zipped({"a.pdf": samples.pdf()}),
    "cyrillic": "Привет, это обычный русский текст для проверки".encode("koi8-r") * 3,
    "named": b'<html><meta charset="shift_jis"><p>' + "日本語の文章".encode("shift_jis"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ORDINARY)
def test_texts_and_plain_archives_take_the_first_readers(first: Sandbox, kind: str) -> None:
    read_here = documents(ORDINARY[kind], name=kind)
    assert first.documents(ORDINARY[kind], name=kind) == read_here
    assert not first.has_all_readers


@pytest.mark.parametrize("kind", FURTHER)
def test_what_needs_another_reader_gets_it(kind: str) -> None:
    hints = "the password is secret"
    with Sandbox(Limits(seconds=60)) as box:
        assert box.extract(b"see") == extract(b"see")
        first = box.pid
        found = box.documents(FURTHER[kind], name=kind, hints=hints)
        assert box.has_all_readers
        assert box.pid not in (0, first)
        second = box.pid
        # As the child with all readers reads it from the start; from now on that one serves all.
        assert box.documents(FURTHER[kind], name=kind, hints=hints) == found
        assert box.extract(b"see") == extract(b"see")
        assert box.pid == second
    assert not any(document.error for document in found)
    texts = [layer.text for document in found for layer in document.extracted.layers]
    assert any(texts) or kind == "picture"  # whose text Tesseract reads, where there is one


def test_a_child_that_asks_for_more_readers_twice_broke_its_protocol(hostile: Sandbox) -> None:
    with pytest.raises(ChildDied, match="given up"):
        hostile.documents(b"", name="more-readers")
    assert hostile.has_all_readers


def test_the_child_may_open_nothing_and_write_nothing(sandbox: Sandbox) -> None:
    sandbox.extract(b"x")
    limits = Path(f"/proc/{sandbox.pid}/limits").read_text()
    hard = {line[:26].strip(): line[26:].split()[1] for line in limits.splitlines()[1:]}
    assert hard["Max open files"] == "0"
    assert hard["Max file size"] == "0"
    assert hard["Max core file size"] == "0"
    assert hard["Max address space"] == str(Limits().memory)
    assert os.getpgid(sandbox.pid) == sandbox.pid != os.getpgid(0)
    environment = Path(f"/proc/{sandbox.pid}/environ").read_bytes()
    assert b"HOME" not in environment


@pytest.mark.parametrize("way", ["open", "connect", "fork", "exec", "kill", "raise-limit"])
def test_the_kernel_refuses_the_child_every_way_out(hostile: Sandbox, way: str) -> None:
    assert hostile.extract(b"x", name=way).layers[0].text == f"refused with {errno.EPERM}"


def test_a_document_over_the_bound_never_reaches_the_child() -> None:
    with Sandbox(Limits(max_bytes=3)) as box:
        with pytest.raises(TooLarge):
            box.extract(b"xxxx")
        assert box.pid == 0


@pytest.mark.parametrize(
    ("way", "error", "said"),
    [
        ("segfault", ChildDied, "signal 11"),
        ("exit", ChildDied, "status 3"),
        ("memory", ChildDied, "memory"),
        ("hang", TookTooLong, "3 s"),
        ("drip", TookTooLong, "3 s"),
        ("long-header", ChildDied, "protocol"),
        ("long-body", ChildDied, "protocol"),
        ("half", ChildDied, "status 0"),
        ("no-json", ChildDied, "protocol"),
        ("wrong-shape", ChildDied, "protocol"),
        ("lying-layer", ChildDied, "protocol"),
        ("spare-bytes", ChildDied, "protocol"),
    ],
)
def test_a_child_that_fails_costs_its_document_only(
    hostile: Sandbox, way: str, error: type[ExtractionError], said: str
) -> None:
    with pytest.raises(error, match=said):
        hostile.extract(b"secret content", name=way)
    assert hostile.extract(b"next").layers[0].text == "next"


def test_an_error_shows_no_content(hostile: Sandbox) -> None:
    with pytest.raises(ExtractionError) as caught:
        hostile.extract(b"MARTINEAU", name="segfault")
    assert "MARTINEAU" not in str(caught.value)


def test_what_the_child_started_ends_with_it(hostile: Sandbox) -> None:
    hostile.extract(b"x")
    group = hostile.pid
    with pytest.raises(TookTooLong):
        hostile.extract(b"x", name="hang")
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and _is_group_alive(group):
        time.sleep(0.02)
    assert not _is_group_alive(group)


def test_a_busy_child_dies_with_its_parent() -> None:
    program = (
        "from extraction.sandbox import Sandbox\n"
        "box = Sandbox(); box.extract(b'x'); print(box.pid, flush=True)\n"
        "box.extract(b'<html>' + b'<table><tr><td>x' * 3_000_000)"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root)
    assert parent.stdout is not None
    with parent.stdout as told:
        child = int(told.readline())
        time.sleep(0.5)
        assert _read(Path(f"/proc/{child}/cmdline"))
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _read(Path(f"/proc/{child}/cmdline")):
        time.sleep(0.02)
    assert not _read(Path(f"/proc/{child}/cmdline"))


def test_a_killed_child_is_replaced(sandbox: Sandbox) -> None:
    sandbox.extract(b"x")
    os.kill(sandbox.pid, signal.SIGKILL)
    time.sleep(0.1)
    assert sandbox.extract(b"y").layers[0].text == "y"


@pytest.mark.parametrize("times", [1, 40, 4000])
def test_runs_of_every_kind_are_read_in_the_limited_child(sandbox: Sandbox, times: int) -> None:
    """What a reader would import only at the first such run cannot be imported there."""
    row = b"MARTINEAU;0639981234;" * times
    body = b"\n\n".join([base64.b64encode(row), row.hex().encode(), row.hex(" ").encode()])
    found = sandbox.extract(body + b"\n%41%42 =C3=A9=C3=A8 &eacute; \\u0041 \xc3\x83\xc2\xa9")
    texts = {layer.name: layer.text for layer in found.layers}
    assert row.decode() in texts["base64"]
    assert texts["hex"].count(row.decode()) == 2
    assert {"url", "quoted-printable", "entities", "json", "mojibake"} <= {*texts}


ANY = st.text(st.characters() | st.sampled_from("\ud800\udfff"), max_size=20)


@example([("a name", "\ud800 and \udfff, each alone")])
@given(st.lists(st.tuples(st.text(max_size=5), ANY), max_size=5))
def test_an_answer_survives_the_way(layers: list[tuple[str, str]]) -> None:
    made = Extracted(tuple(Layer(name, text) for name, text in layers), ("a note",), "utf-8")
    document = Document("n", 3, "00", made)
    header, body = messages.pack([document])
    header = json.loads(json.dumps(header))
    assert messages.unpack(header, body) == (document,)


def test_a_plain_text_is_not_sent_back() -> None:
    body = "été;MARTINEAU".encode()
    [document] = documents(body, name="n")
    header, texts = messages.pack([document], body)
    assert (header["documents"][0]["layers"], texts) == ([["", "body"]], b"")
    assert messages.unpack(header, texts, body) == (document,)
    header["documents"] *= 2
    with pytest.raises(pipe.PipeError, match="twice"):  # it would fill the next frame
        messages.unpack(header, texts, body)


def test_a_text_that_is_none_is_read_all_the_same() -> None:
    """The child may lie about the document's bytes being UTF-8."""
    header, _ = messages.pack([Document("", 0, "", Extracted((Layer("", b"ok"),)))])
    header["documents"][0]["layers"] = [["", "body"]]
    [found] = messages.unpack(header, b"", b"a\xffb")
    assert found.extracted.layers[0].text == "a\ufffdb"


@given(st.binary(max_size=200))
def test_any_bytes_are_no_frame_or_a_frame(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        try:
            header, _ = pipe.receive(ours, 1000, time.monotonic() + 1)
        except pipe.PipeError:
            return
        assert isinstance(header, dict)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _is_group_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
