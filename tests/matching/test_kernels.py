"""Kernels as machine code: the same results as the Python they are made of, or none."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from llvmlite import binding
from numba.core.registry import cpu_target

from matching.result import ScanResult
from matching.scan import Scanner
from native import arguments, compiled, compiling, lanes, machine_code
from native.arguments import hold
from native.jit import Kernel, inlined, inner, kernel, pointer
from tests.matching.disguises import LeakOnDisk

MASK = (1 << 64) - 1
ROOT = Path(__file__).resolve().parents[2]


class Pair(NamedTuple):
    """Arrays and numbers, as the kernels' structs are."""

    items: Any
    count: Any
    share: Any


class Nest(NamedTuple):
    """A struct that holds others."""

    first: Pair
    flag: Any
    second: Any


@inlined
def doubled(x):  # type: ignore[no-untyped-def]
    return x + x


@inner
def summed(items, count):  # type: ignore[no-untyped-def]
    total = np.int64(0)
    for i in range(count):
        total = total * 3 + np.int64(items[i])
    return doubled(total)


@kernel
def flat(items):  # type: ignore[no-untyped-def]
    """Every item of a one-dimensional array weighs by its place."""
    total = 0.0
    for i in range(items.shape[0]):
        total += float(items[i]) * (i + 1)
    return total, items.shape[0], items.strides[0], items.size, items.itemsize


@kernel
def table(items):  # type: ignore[no-untyped-def]
    """As `flat` for two dimensions."""
    total = 0.0
    for i in range(items.shape[0]):
        for j in range(items.shape[1]):
            total += float(items[i, j]) * (7 * i + j + 1)
    return total, items.shape[0], items.shape[1], items.strides[0], items.strides[1]


@kernel
def put(items, value):  # type: ignore[no-untyped-def]
    """Write, and give nothing back."""
    for i in range(items.shape[0]):
        items[i] = value


@kernel
def mixed(a, nest, b, flag, c, pair):  # type: ignore[no-untyped-def]
    """Numbers of all kinds between structs: each comes back as it went in."""
    first = summed(pointer(nest.first.items), nest.first.count)
    return (
        a, b, flag, c, first, nest.first.count, nest.first.share, nest.flag,
        nest.second.items[1, 1], nest.second.count, nest.second.share, pair[0], pair[1].shape[0],
    )  # fmt: skip


@inner
def rabbits(n):  # type: ignore[no-untyped-def]
    if n < 2:
        return 1
    return rabbits(n - 1) + rabbits(n - 2)


@kernel
def grown(n):  # type: ignore[no-untyped-def]
    """What calls a function that calls itself."""
    return rabbits(n)


@kernel
def number(a):  # type: ignore[no-untyped-def]
    """One number back, of the kind it was."""
    return a


@kernel
def new_array(count):  # type: ignore[no-untyped-def]
    """What no kernel may: memory of its own, handed to Python."""
    return np.zeros(count)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Kernels of these tests are kept there."""
    monkeypatch.setattr(compiled, "cache_folder", lambda _: tmp_path)
    return tmp_path


def arrays() -> list[Any]:
    """Every item type in every layout, writable or not."""
    found: list[Any] = []
    for item in sorted(arguments.ITEMS):
        plain = np.arange(1, 25).astype(item)
        locked = plain.copy()
        locked.flags.writeable = False
        found += [plain, locked, plain[3:3], plain[::2], plain[::-1]]
        found += [plain.reshape(4, 6), plain.reshape(4, 6).T, plain.reshape(4, 6)[:, ::2]]
    return found


def test_what_a_kernel_calls_is_called_by_nobody_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, Any] = {}

    def whole(part: Any, entry: str, of: Any = compiling._Part.whole) -> Any:
        made[entry] = of(part, entry)
        return made[entry]

    monkeypatch.setattr(compiling._Part, "whole", whole)
    assert grown(10) == 89
    ((entry, module),) = made.items()
    linked = {each.name: each.linkage for each in module.functions if not each.is_declaration}
    assert linked.pop(entry) == binding.Linkage.external
    # What calls itself twice is always left as a function.
    assert set(linked.values()) == {binding.Linkage.internal}


def test_arrays_of_every_kind_arrive_as_they_are(folder: Path) -> None:
    kinds = set()
    for array in arrays():
        run = flat if array.ndim == 1 else table
        assert run(array) == pytest.approx(run.function(array), rel=0, abs=0)  # type: ignore[attr-defined]
        kinds.add(arguments.told(array)[0])
    # C, F and strided, of one or two dimensions, and read-only: each is compiled for itself.
    assert len(kinds) == 6 * len(arguments.ITEMS)
    assert len(list(folder.glob("*.kernel"))) == len(kinds)


def test_an_address_is_read_where_numpy_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = arrays()
    assert arguments._address is arguments._address_read
    read = [arguments.told(array) for array in given]
    monkeypatch.setattr(arguments, "_address", arguments._address_asked)
    assert [arguments.told(array) for array in given] == read


def test_writing_reaches_the_array_and_nothing_else() -> None:
    around = np.zeros(12, np.int64)
    assert put(around[3:9:2], -5) is None
    assert around.tolist() == [0, 0, 0, -5, 0, -5, 0, -5, 0, 0, 0, 0]


@pytest.mark.parametrize("held", [False, True], ids=["plain", "held"])
def test_structs_and_numbers_arrive_in_their_places(held: bool) -> None:
    first = Pair(np.array([3, 1, 2], np.uint8), 3, 0.25)
    second = Pair(np.arange(9, dtype=np.float64).reshape(3, 3), np.uint64(MASK), -1.5)
    nest = Nest(first, True, second)
    given = (-7, hold(nest) if held else nest, np.uint64(MASK - 1), False, 1e300, (5, np.zeros(4)))
    expected = (
        -7, MASK - 1, False, 1e300, 2 * (3 * 9 + 1 * 3 + 2), 3, 0.25, True,
        4.0, MASK, -1.5, 5, 4,
    )  # fmt: skip
    found = mixed(*given)
    assert found == expected
    assert [type(each) for each in found] == [type(each) for each in expected]


@pytest.mark.parametrize(
    "value", [0, -1, (1 << 63) - 1, -(1 << 63), np.uint64(MASK), np.uint8(255), np.int32(-9), True,
              np.bool_(False), 0.5, np.float64(-0.0), np.uint32(1 << 31)],
)  # fmt: skip
def test_one_number_comes_back_as_itself(value: Any) -> None:
    found = number(value)
    assert found == value
    assert type(found) in (int, float, bool)


REFUSED = [
    "text", [1], None, 1 << 64, -(1 << 63) - 1, 1j, np.float32(1), np.array(1),
    np.zeros(3, ">i8"), np.zeros(3, "datetime64[s]"), np.zeros(3, np.complex128),
    np.zeros((1, 1, 1, 1)), np.ma.zeros(3), np.zeros(9, np.uint8)[1:].view(np.int64),
    np.zeros(3, [("a", "i4")]), Pair(np.array(["a"]), 1, 1.0),
]  # fmt: skip


@pytest.mark.parametrize("value", REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_no_kernel_takes_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="a kernel takes no"):
        number(value)


def test_a_kernel_that_hands_out_memory_is_not_compiled() -> None:
    with pytest.raises(TypeError, match="new_array"):
        new_array(3)


def made(folder: Path) -> tuple[Path, bytes]:
    """The file of a kernel, and what is in it."""
    assert Kernel(number.function)(4) == 4  # type: ignore[attr-defined]
    (path,) = folder.glob("*.kernel")
    return path, path.read_bytes()


def test_a_kept_kernel_is_for_its_owner_alone(folder: Path) -> None:
    assert made(folder)[0].stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_as_good_as_none(folder: Path) -> None:
    path, whole = made(folder)
    assert machine_code.from_bytes(whole) is not None
    for size in (0, 1, len(machine_code.MAGIC), 60, len(whole) // 2, len(whole) - 1):
        assert machine_code.from_bytes(whole[:size]) is None
    for at in range(0, len(whole), 97):
        changed = bytearray(whole)
        changed[at] ^= 1
        assert machine_code.from_bytes(bytes(changed)) is None, at
    path.write_bytes(whole[:-200])
    assert Kernel(number.function)(5) == 5  # type: ignore[attr-defined]
    assert machine_code.read(path) is not None  # it was compiled anew, and kept


def test_lanes_are_as_wide_as_the_processor_has_them() -> None:
    has = bool(binding.get_host_cpu_features().get("avx512vbmi2"))
    assert has == lanes.WIDE
    machine = cpu_target.target_context.codegen()._tm_features
    assert ("-prefer-256-bit" in machine.split(",")) == has


def test_another_processor_or_release_has_a_file_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(folder)
    monkeypatch.setattr(machine_code, "processor", lambda: "another")
    assert Kernel(number.function)(6) == 6  # type: ignore[attr-defined]
    monkeypatch.setattr(compiled, "versions", lambda: "numba 9")
    assert Kernel(number.function)(6) == 6  # type: ignore[attr-defined]
    monkeypatch.setattr(compiled, "sources_hash", lambda _: "changed")
    assert Kernel(number.function)(6) == 6  # type: ignore[attr-defined]
    assert len(list(folder.glob("*.kernel"))) == 4


def test_who_waited_for_a_kernel_does_not_compile_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = made(folder)
    path.unlink()
    monkeypatch.setattr(compiling, "compiled", lambda *_: pytest.fail("it was compiled twice"))
    with ThreadPoolExecutor(1) as other, compiled.turn(path):
        waiting = other.submit(Kernel(number.function), 8)  # type: ignore[attr-defined]
        with pytest.raises(TimeoutError):
            waiting.result(0.3)
        path.write_bytes(whole)
    assert waiting.result() == 8


def test_where_no_turn_can_be_taken_it_is_compiled_all_the_same(folder: Path) -> None:
    path, _ = made(folder)
    path.unlink()
    path.with_suffix(".lock").unlink()
    path.with_suffix(".lock").mkdir()
    assert Kernel(number.function)(9) == 9  # type: ignore[attr-defined]
    assert path.exists()


def test_where_nothing_can_be_kept_a_kernel_runs_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiled, "cache_folder", lambda _: None)
    assert Kernel(number.function)(7) == 7  # type: ignore[attr-defined]


def test_scanning_with_compiled_kernels_loads_no_numba(
    leak: LeakOnDisk, scanner: Scanner, scan: Callable[[str], ScanResult]
) -> None:
    line = ";".join(leak.people[7].columns())
    scanner.warm_up()
    assert scan(line).matches[0].row == 7  # what it takes is compiled now
    code = """
        import sys
        from pathlib import Path
        from matching.result import LeakRef, TextLayer
        from matching.scan import Scanner
        line = sys.stdin.read()
        scanner = Scanner(LeakRef(Path(sys.argv[1]), Path(sys.argv[2])))
        scanner.warm_up()
        found = scanner.scan("p", 1, "", [TextLayer("", line)])
        print(found.matches[0].row, sorted({"numba", "scipy", "llvmlite"} & set(sys.modules)))
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), leak.ref.file, leak.ref.key_file],
        input=line, capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.strip() == "7 []"
