"""Texts that lie in memory the matcher shares are scanned as if they had been sent."""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
from collections.abc import Iterator

import pytest

from matching.client import MatcherClient
from matching.errors import ServiceError
from matching.normalise.fold import Room, fold
from matching.result import TextLayer
from matching.scan import Scanner
from matching.shared import MARGIN, SEALS, Lying, Memory
from tests.matching.disguises import LeakOnDisk

SIZE = 1 << 20
ADD_SEALS = 1033


class Owner:
    """Sealed memory and what writes to it."""

    def __init__(self, seals: int = SEALS, size: int = SIZE) -> None:
        self.fd = os.memfd_create("x", os.MFD_ALLOW_SEALING)
        os.truncate(self.fd, size)
        self.mapping = mmap.mmap(self.fd, size)
        fcntl.fcntl(self.fd, ADD_SEALS, seals)

    def put(self, at: int, text: str | bytes) -> Lying:
        """The text there, with its margin."""
        body = text.encode() if isinstance(text, str) else text
        self.mapping[at : at + len(body) + len(MARGIN)] = body + MARGIN
        return Lying(at, memoryview(self.mapping)[at : at + len(body) + len(MARGIN)].toreadonly())


@pytest.fixture
def owner() -> Iterator[Owner]:
    made = Owner()
    yield made
    os.close(made.fd)


def test_results_are_those_of_texts_that_were_sent(leak: LeakOnDisk, owner: Owner) -> None:
    lines = [";".join(leak.people[row].columns()) for row in (7, 8)]
    inner = TextLayer("hex", lines[1])
    texts = {lines[0], f"été\r{lines[0]}", "", "\u0153uvre\n" * 9_000 + lines[0]}
    with MatcherClient([leak.ref], shared=(owner.fd, SIZE)) as client:
        for number, text in enumerate(sorted(texts)):
            at = 4096 * number
            sent = client.scan("p", 5, "", [TextLayer("", text), inner])
            lain = client.scan("p", 5, "", [TextLayer("", owner.put(at, text)), inner])
            assert lain == sent
            assert lain[0].matches
        # Started again it gets the same memory.
        os.kill(client.pid, signal.SIGKILL)
        assert client.scan("p", 5, "", [TextLayer("", owner.put(4096, text)), inner]) == sent


@pytest.mark.parametrize(
    ("at", "size"), [(SIZE - 200, 100), (SIZE, 0), (-300, 5), (10, -5), (4096, 3), (1 << 70, 1)]
)
def test_a_place_that_lies_is_refused(leak: LeakOnDisk, owner: Owner, at: int, size: int) -> None:
    owner.put(4096, "text")
    owner.put(SIZE - 300, "xxxxx")  # and so -300, counted from the end
    text = Lying(at, memoryview(bytes(max(size, 0) + len(MARGIN))))
    memory = Memory(os.dup(owner.fd), SIZE)
    with pytest.raises((ValueError, IndexError)):
        memory.text(at, size)
    if size < 0:
        return
    with MatcherClient([leak.ref], shared=(owner.fd, SIZE)) as client:
        with pytest.raises(ServiceError, match="could not scan"):
            client.scan("p", 5, "", [TextLayer("", text)])
        assert client.scan("p", 5, "", [TextLayer("", owner.put(0, "next"))])


@pytest.mark.parametrize("missing", [0x1, 0x2, 0x4, 0x10])
def test_memory_that_others_may_change_is_refused(leak: LeakOnDisk, missing: int) -> None:
    unsealed = Owner(SEALS & ~missing)
    with pytest.raises(OSError, match="not sealed"):
        Memory(os.dup(unsealed.fd), SIZE)
    with (
        pytest.raises(ServiceError, match="before it was ready"),
        MatcherClient([leak.ref], shared=(unsealed.fd, SIZE)),
    ):
        pass
    os.close(unsealed.fd)


def test_memory_of_another_size_is_refused(owner: Owner) -> None:
    with pytest.raises(OSError, match="another size"):
        Memory(os.dup(owner.fd), 2 * SIZE)


def test_a_text_leaves_nothing_of_itself_to_the_next(leak: LeakOnDisk) -> None:
    """Folded texts share memory, from scan to scan and layer to layer."""
    line = ";".join(leak.people[7].columns())
    fresh = Scanner(leak.ref)
    for text in (line, "x" * 300_000 + line, "nothing", "\u0153" * 9 + line, "", line[:-3]):
        for layers in ([TextLayer("", text)], [TextLayer("", "a" * 50), TextLayer("hex", text)]):
            first = Scanner(leak.ref).scan("", 1, "", layers)
            assert fresh.scan("", 1, "", layers) == first


def test_room_is_used_again_once_it_is_cleared() -> None:
    room = Room()
    fold("x" * 1000, room)
    room.clear()
    one, two = fold("one\xa0", room), fold("two\u0153", room)
    assert bytes(one.data[:5]) == b"one \n"
    assert bytes(two.data[:6]) == b"twooe\n"
    assert one.data.base is two.data.base
    assert two.span(3, 5) == (3, 4)
    room.clear()
    assert bytes(fold("other", room).data[:6]) == b"other\n"
    assert bytes(one.data[:5]) != b"one \n"  # as `clear` says
