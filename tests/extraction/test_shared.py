"""Memory that documents pass in: who may write, what is refused, what is left of it."""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from extraction import pipe, shared
from extraction.errors import ChildDied, TooLarge
from extraction.layers import Limits
from extraction.read import documents
from extraction.sandbox import Sandbox
from extraction.shared import MARGIN, SEALS, Shared
from tests.extraction import samples
from tests.extraction.test_sandbox import misbehaving

MOST = 1 << 20


@pytest.fixture
def memory() -> Iterator[Shared]:
    made = Shared(2, MOST)
    yield made
    made.close()


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, memory: Shared) -> Iterator[Sandbox]:
    misbehaving(monkeypatch)
    with Sandbox(Limits(seconds=3, memory=640 << 20), memory) as box:
        yield box


def test_nobody_but_its_first_mapping_writes(memory: Shared) -> None:
    slot = memory.take()
    assert slot
    placed = slot.put(b"text")
    with pytest.raises(PermissionError):
        mmap.mmap(memory.fd, memory.size)
    with pytest.raises(PermissionError):
        os.pwrite(memory.fd, b"other", slot.at)
    for size in (0, 2 * memory.size):
        with pytest.raises(PermissionError):
            os.truncate(memory.fd, size)
    with pytest.raises(PermissionError):
        fcntl.fcntl(memory.fd, shared.ADD_SEALS, 0x8)
    assert bytes(placed) == b"text"


def test_a_reader_keeps_no_descriptor_and_sees_what_is_put_later(memory: Shared) -> None:
    slot = memory.take()
    assert slot
    descriptor = os.dup(memory.fd)
    view = shared.attach(descriptor, memory.size)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert view.readonly
    slot.put(b"text")
    assert view[slot.at : slot.at + 4 + len(MARGIN)] == b"text" + MARGIN


@pytest.mark.parametrize("missing", [0x1, 0x2, 0x4, 0x10])
def test_memory_without_one_of_its_seals_is_refused(missing: int) -> None:
    descriptor = os.memfd_create("x", os.MFD_ALLOW_SEALING)
    os.truncate(descriptor, mmap.PAGESIZE)
    fcntl.fcntl(descriptor, shared.ADD_SEALS, SEALS & ~missing)
    with pytest.raises(OSError, match="not sealed"):
        shared.attach(descriptor, mmap.PAGESIZE)


def test_memory_shorter_than_told_is_refused(memory: Shared) -> None:
    with pytest.raises(OSError, match="another size"):
        shared.attach(os.dup(memory.fd), memory.size + mmap.PAGESIZE)


def test_slots_are_as_many_and_as_long_as_asked(memory: Shared) -> None:
    first, second = memory.take(), memory.take()
    assert first
    assert second
    assert memory.take() is None
    assert len(first.put(bytes(MOST))) == MOST
    assert bytes(second.put(b"text")) == b"text"
    with pytest.raises(ValueError, match="different"):
        first.put(bytes(MOST + 1))
    assert bytes(second.placed(4)) == b"text"
    memory.give_back(first)
    assert memory.take() is first


KINDS = {
    "text": b"NIR;NOM\n1;\xc3\x89lise", "western": b"\xc9lise", "nothing": b"",
    "zip": samples.zipped({"a.txt": "Élise", "b.txt": "x" * 70_000}), "long": b"line\n" * 200_000,
    "pdf": samples.pdf(),
}  # fmt: skip


def test_documents_are_read_there_as_they_are_elsewhere(memory: Shared) -> None:
    with Sandbox(Limits(seconds=20), memory) as box:
        for name, body in KINDS.items():
            slot = memory.take()
            assert slot
            assert box.documents(slot.put(body), name=name) == documents(body, name=name)
            assert box.documents(body, name=name) == documents(body, name=name)
            memory.give_back(slot)


def test_a_text_is_read_where_it_lies(memory: Shared) -> None:
    slot = memory.take()
    assert slot
    placed = slot.put(b"text " * 50_000)
    with Sandbox(shared=memory) as box:
        [layer] = box.extract(placed).layers
        assert layer.as_given is placed
        assert layer.text == "text " * 50_000
        limits = Path(f"/proc/{box.pid}/limits").read_text()
        handles = [link.readlink() for link in Path(f"/proc/{box.pid}/fd").iterdir()]
    assert str(Limits().memory + memory.size) in limits
    assert sum("memfd" in str(handle) for handle in handles) == 0


def test_a_document_over_the_bound_is_refused_there_too(memory: Shared) -> None:
    slot = memory.take()
    assert slot
    with Sandbox(Limits(max_bytes=3), memory) as box, pytest.raises(TooLarge):
        box.extract(slot.put(b"xxxx"))


@pytest.mark.parametrize("way", ["make-writable", "send-descriptor"])
def test_the_kernel_refuses_the_child(hostile: Sandbox, memory: Shared, way: str) -> None:
    slot = memory.take()
    assert slot
    placed = slot.put(b"text")
    assert "refused" in hostile.extract(placed, name=way).layers[0].text
    assert bytes(placed) == b"text"


def test_a_child_that_writes_there_dies_and_nothing_is_changed(
    hostile: Sandbox, memory: Shared
) -> None:
    slot = memory.take()
    assert slot
    placed = slot.put(b"text")
    with pytest.raises(ChildDied, match="signal 11"):
        hostile.extract(placed, name="scribble")
    assert hostile.extract(placed).layers[0].text == bytes(placed).decode() == "text"


def test_descriptors_that_come_with_a_frame_are_dropped() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Path(__file__).open("rb") as file:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        frame = pipe.PREFIX.pack(2, 0) + b"{}"
        for part in (frame[:5], frame[5:]):
            socket.send_fds(theirs, [part], [file.fileno()])
        assert pipe.receive(ours, 0, time.monotonic() + 1) == ({}, b"")
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_where_there_is_no_such_memory_there_is_none(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: object) -> int:
        raise error

    monkeypatch.setattr("os.memfd_create", refuse)
    assert shared.made(1, 1) is None
