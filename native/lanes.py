"""Eight lanes at once: gathered from wherever they lie, the chosen ones stored next to each other.

Instructions that do either came with AVX-512; LLVM makes plain ones of them elsewhere, of which
those that store lanes one by one and load them again stall a processor. So without them chosen
lanes are moved by permutations out of a table, and places are read as the numbers they are.
"""

from __future__ import annotations

from typing import Any

from native import llvm
from native.llvm import EIGHT, ir
from native.machine_code import has

# Compressing 64 bytes takes this set of instructions; without it a loop over bits is faster.
WIDE = has("avx512vbmi2")
COMPRESSES = has("avx512vl") and has("avx512f")
PERMUTES = has("avx2") and not COMPRESSES


def words_of(value: int) -> Any:
    """The same number in every lane."""
    return ir.Constant(llvm.WORDS, [value] * EIGHT)


def spread(builder: Any, value: Any, of: Any) -> Any:
    """A vector type `of` with one value in every lane."""
    empty = ir.Constant(of, ir.Undefined)
    one = builder.insert_element(empty, value, ir.Constant(llvm.INT, 0))
    return builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(llvm.INT, of.count), None))


def call(builder: Any, name: str, result: Any, args: list[Any]) -> Any:
    """What an intrinsic of LLVM makes of some values."""
    kind = ir.FunctionType(result, [each.type for each in args])
    return builder.call(builder.module.declare_intrinsic(name, (), kind), args)


def gathered(builder: Any, base: Any, offsets: Any, of: Any) -> Any:
    """A vector `of` numbers, `offsets` bytes behind a pointer; by one instruction where that is
    faster than a load for each, as LLVM knows of the processor."""
    start = spread(builder, builder.ptrtoint(base, llvm.WORD), offsets.type)
    pointers = ir.VectorType(ir.PointerType(of.element), of.count)
    places = builder.inttoptr(builder.add(start, offsets), pointers)
    chosen = ir.VectorType(llvm.BIT, of.count)
    kind = ir.FunctionType(of, [pointers, llvm.INT, chosen, of])
    name = f"llvm.masked.gather.v{of.count}i{of.element.width}.v{of.count}p0"
    function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    every = ir.Constant(chosen, [1] * of.count)
    return builder.call(function, [places, ir.Constant(llvm.INT, 1), every, ir.Constant(of, None)])


def gather(builder: Any, base: Any, offsets: Any) -> Any:
    """Eight words, `offsets` bytes behind a pointer."""
    return gathered(builder, base, offsets, llvm.WORDS)


def gather_at(builder: Any, base: Any, places: Any, at: Any, more: int = 0) -> Any:
    """Eight words that begin `more` bytes behind `places[at]` and the seven next to it."""
    if PERMUTES:
        return _each_loaded(builder, base, places, at, more)
    here = builder.bitcast(builder.gep(places, [at]), ir.PointerType(llvm.PLACES))
    offsets = builder.zext(builder.load(here, align=4), llvm.WORDS)
    return gather(builder, base, builder.add(offsets, words_of(more)))


def _each_loaded(builder: Any, base: Any, places: Any, at: Any, more: int) -> Any:
    """The same by a load for each: no place goes through a vector."""
    found = ir.Constant(llvm.WORDS, ir.Undefined)
    for lane in range(EIGHT):
        here = builder.gep(places, [builder.add(at, ir.Constant(llvm.WORD, lane))])
        place = builder.zext(builder.load(here, align=4), llvm.WORD)
        place = builder.add(place, ir.Constant(llvm.WORD, more))
        word = builder.bitcast(builder.gep(base, [place]), ir.PointerType(llvm.WORD))
        value = builder.load(word, align=1)
        found = builder.insert_element(found, value, ir.Constant(llvm.INT, lane))
    return found


def compressed(builder: Any, values: Any, chosen: Any) -> Any:
    """The chosen lanes next to each other, whatever behind them.

    In a register: processors of AMD (Zen 4) take over a hundred cycles to compress into memory.
    """
    of = {llvm.WORDS: "v8i64", llvm.PLACES: "v8i32", llvm.BLOCK: "v64i8"}[values.type]
    rest = ir.Constant(values.type, None)
    name = f"llvm.experimental.vector.compress.{of}"
    return call(builder, name, values.type, [values, chosen, rest])


def put(builder: Any, chosen: Any, values: Any, base: Any, at: Any) -> None:
    """Store the chosen lanes next to each other from `base[at]` on, where there is room for all."""
    if PERMUTES:
        _put_permuted(builder, told_of(builder, chosen), values, base, at)
        return
    place = builder.bitcast(builder.gep(base, [at]), ir.PointerType(values.type))
    width = values.type.element.width // 8
    builder.store(compressed(builder, values, chosen), place, align=width)


def told_of(builder: Any, chosen: Any) -> Any:
    """The chosen lanes as bits."""
    return builder.zext(builder.bitcast(chosen, llvm.BYTE), llvm.WORD)


def whole_bytes(builder: Any, bits: Any) -> Any:
    """How many bytes of each word are set, each being set in all its bits or none."""
    if not PERMUTES:
        return builder.lshr(call(builder, "llvm.ctpop.v8i64", llvm.WORDS, [bits]), words_of(3))
    ones = builder.bitcast(builder.and_(bits, words_of(0x0101010101010101)), llvm.BLOCK)
    sums = []
    for half in range(2):
        lanes = ir.Constant(ir.VectorType(llvm.INT, 32), list(range(32 * half, 32 * half + 32)))
        part = builder.shuffle_vector(ones, ir.Constant(llvm.BLOCK, ir.Undefined), lanes)
        of = ir.VectorType(llvm.WORD, EIGHT // 2)
        nothing = ir.Constant(part.type, None)
        sums.append(call(builder, "llvm.x86.avx2.psad.bw", of, [part, nothing]))
    every = ir.Constant(ir.VectorType(llvm.INT, EIGHT), list(range(EIGHT)))
    return builder.shuffle_vector(*sums, every)


def numbers_from(builder: Any, first: Any) -> Any:
    """The numbers `first`, `first` + 1, …"""
    start = spread(builder, builder.trunc(first, llvm.INT), llvm.PLACES)
    return builder.add(start, ir.Constant(llvm.PLACES, list(range(EIGHT))))


def _put_permuted(builder: Any, bits: Any, values: Any, base: Any, at: Any) -> None:
    """`put` by lane moves; `bits` tells which lanes are chosen."""
    if values.type.element.width == llvm.INT.width:
        _store(builder, _moved(builder, values, bits, 1), base, at)
        return
    low = builder.and_(bits, ir.Constant(llvm.WORD, 15))
    high = builder.lshr(bits, ir.Constant(llvm.WORD, 4))
    behind = builder.add(at, call(builder, "llvm.ctpop.i64", llvm.WORD, [low]))
    for half, which, where in ((0, low, at), (1, high, behind)):
        lanes = ir.Constant(ir.VectorType(llvm.INT, 4), list(range(4 * half, 4 * half + 4)))
        four = builder.shuffle_vector(values, ir.Constant(values.type, ir.Undefined), lanes)
        moved = _moved(builder, builder.bitcast(four, llvm.PLACES), which, 2)
        _store(builder, builder.bitcast(moved, four.type), base, where)


def _store(builder: Any, values: Any, base: Any, at: Any) -> None:
    place = builder.bitcast(builder.gep(base, [at]), ir.PointerType(values.type))
    builder.store(values, place, align=values.type.element.width // 8)


def _moved(builder: Any, values: Any, bits: Any, each: int) -> Any:
    """Eight numbers of 32 bits, moved so that the chosen lanes of `each` of them come first."""
    table = _moves(builder.module, each)
    number = ir.Constant(llvm.INT, 0)
    row = builder.load(builder.gep(table, [number, bits]), align=8)
    moves = builder.zext(builder.bitcast(row, ir.VectorType(llvm.BYTE, EIGHT)), llvm.PLACES)
    return call(builder, "llvm.x86.avx2.permd", llvm.PLACES, [values, moves])


def _moves(module: Any, each: int) -> Any:
    """A table in the module: for the bits of what is chosen, eight bytes that say which number
    goes where."""
    name = f"lane_moves_{each}"
    known = module.globals.get(name)
    if known:
        return known
    rows = [_move_of(bits, each) for bits in range(1 << EIGHT // each)]
    of = ir.ArrayType(llvm.WORD, len(rows))
    table = ir.GlobalVariable(module, of, name)
    table.linkage, table.global_constant, table.align = "internal", True, 8
    table.initializer = ir.Constant(of, rows)
    return table


def _move_of(bits: int, each: int) -> int:
    """One row of the table, as a little-endian word."""
    lanes = [lane for lane in range(EIGHT // each) if bits >> lane & 1]
    moves = [each * lane + part for lane in lanes for part in range(each)]
    return int.from_bytes(bytes(moves + [0] * (EIGHT - len(moves))), "little")
