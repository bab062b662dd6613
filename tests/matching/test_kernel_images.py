"""Kernels as images: loaded without LLVM, the same as LLVM loads them, and never writable."""

from __future__ import annotations

import platform
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from native import compiled, compiling, image, linking, machine_code
from native.image import Image
from native.jit import Kernel, kernel, pointer

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="images are made for x86-64 alone"
)


@kernel
def told(items, which):  # type: ignore[no-untyped-def]
    """What needs a table of jumps, a table of numbers, the C library and numbers with a point."""
    place = pointer(items)
    total = 0.0
    for at in range(items.shape[0]):
        if which == 0:
            total += np.log2(place[at] + 1.5)
        elif which == 1:
            total -= place[at]
        elif which == 2:
            place[at] = 0
        elif which == 3:
            total += 3.25 * at
        elif which == 4:
            total *= 0.75
        else:
            total += 1e-9
    return total, items.shape[0]


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the linker is given of kernels that are compiled; they are kept for this test."""
    given: list[Any] = []
    real = linking.linked

    def noted(*arguments: Any) -> Image | None:
        given.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(compiled, "cache_folder", lambda _: tmp_path)
    monkeypatch.setattr(compiling, "linked", noted)
    return given


def results(run: Callable[..., Any]) -> list[Any]:
    """What a kernel says to arguments of all kinds, and what it leaves of its array."""
    found = []
    for which in range(6):
        items = np.arange(100, dtype=np.int64)
        found.append((run(items, which), items.tolist()))
    return found


def fresh() -> Any:
    """The kernel, not loaded yet."""
    return Kernel(told.function)  # type: ignore[attr-defined]


def test_an_image_runs_as_what_llvm_loads(
    objects: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_results = results(fresh())
    (path,) = tmp_path.glob("*.kernel")
    code = machine_code.read(path)
    assert code is not None
    assert isinstance(code.made, Image)
    assert dict(code.made.calls).keys() <= {"log2", "memset", "abort", *machine_code.NEVER_CALLED}
    assert results(fresh()) == image_results  # out of the file
    path.unlink()
    monkeypatch.setattr(compiling, "linked", lambda *_: None)
    assert results(fresh()) == image_results
    code = machine_code.read(path)
    assert code is not None
    assert not isinstance(code.made, Image)
    assert results(fresh()) == image_results


def test_nobody_can_write_to_a_kernel(objects: list[Any]) -> None:
    results(fresh())
    made = linking.linked(*objects[0])
    assert made is not None
    entry = image.placed(made, dict.fromkeys(machine_code.NEVER_CALLED, "abort"))
    rights = {}
    for line in Path("/proc/self/maps").read_text().splitlines():
        first, last = (int(part, 16) for part in line.split()[0].split("-"))
        for name, at in (("code", entry), ("data", entry - made.entry)):
            if first <= at < last:
                rights[name] = line.split()[1]
    assert rights == {"code": "r-xp", "data": "r--p" if made.code else "r-xp"}


def test_addresses_are_those_of_where_it_lies(objects: list[Any]) -> None:
    results(fresh())
    made = linking.linked(*objects[0])
    assert made is not None
    assert made.inside  # or nothing is shown here
    assert image.image_from(made.to_bytes()) == made
    for at in np.frombuffer(made.inside, "<u4").tolist():
        assert struct.unpack_from("<Q", made.body, at)[0] <= len(made.body)


def changed(data: bytes, kind: int, of: str, value: int) -> bytes:
    """An object whose sections of one kind say something else of themselves."""
    found = bytearray(data)
    start, size, count, _ = linking.HEADER.unpack_from(data)
    place = {"kind": 4, "flags": 8, "alignment": 48}[of]
    for number in range(count):
        head = start + size * number
        if struct.unpack_from("<I", data, head + 4)[0] == kind:
            form = "<I" if of == "kind" else "<Q"
            struct.pack_into(form, found, head + place, value)
    return bytes(found)


def test_what_no_image_holds_is_left_to_llvm(objects: list[Any]) -> None:
    results(fresh())
    (first, second), symbol, outside = objects[0]
    assert linking.linked((first, second), symbol, outside) is not None
    assert linking.linked((first, second), "another", outside) is None
    assert linking.linked((first, second), symbol, frozenset()) is None  # it calls log2
    assert linking.linked((second,), symbol, outside) is None  # the kernel is not there
    written = linking.WRITTEN | linking.KEPT
    for other in (
        changed(first, linking.BITS, "flags", written),
        changed(first, linking.BITS, "kind", linking.EMPTY),
        changed(first, linking.MOVES, "kind", linking.PLAIN_MOVES),
        changed(first, linking.BITS, "alignment", 2 * image.PAGE),
        first.replace(linking.MAGIC, b"\x7fELF\x01\x01", 1),
        first[:18] + b"\xb7\0" + first[20:],  # of an arm64
        first[:100], first[: len(first) // 2], b"",
    ):  # fmt: skip
        assert linking.linked((other, second), symbol, outside) is None
    # Every kind of open address but one.
    assert linking.ABSOLUTE == 1
    start, size, count, _ = linking.HEADER.unpack_from(first)
    for number in range(count):
        head = linking.SECTION.unpack_from(first, start + size * number)
        if head[1] == linking.MOVES and linking._read(first).sections[head[7]].is_placed:
            other = bytearray(first)
            other[head[4] + 8] = 2
            assert linking.linked((bytes(other), second), symbol, outside) is None
            return
    pytest.fail("there is no open address")


def test_the_processor_is_told_without_llvm_and_with_it_where_the_system_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine_code.processor.cache_clear()
    here = machine_code.processor()
    assert "flags" in here
    assert machine_code.has("sse2")
    assert not machine_code.has("sse9")
    monkeypatch.setattr(machine_code, "CPUINFO", tmp_path / "none")
    machine_code.processor.cache_clear()
    try:
        assert "x86_64" in machine_code.processor()
        assert machine_code.has("sse2")
        assert not machine_code.has("sse9")
    finally:
        machine_code.processor.cache_clear()
