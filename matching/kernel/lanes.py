"""Words and runs of a text in eight lanes at once: cut out, and harmless words left out.

`spread_bits` makes places of the bits of a mask. `cut_short` and `cut_long` take eight places of
words each, load their bytes, find where the letters end and put down the SipHash message words of
those that a memo of harmless words does not hold. Where a processor has no such instructions LLVM
makes plain ones of them.
"""

from __future__ import annotations

from typing import Any

from native import llvm
from native.jit import intrinsic, types
from native.llvm import EIGHT as EIGHT
from native.llvm import LANES, ir
from native.machine_code import has
from native.vector import between

MEMO = 8192  # words of up to seven letters that are remembered, and as many longer ones
MIX = 0x9E3779B97F4A7C15
NOTHING = 0x0A0A0A0A0A0A0A0A  # what stands behind a text
ST, STE = 0x0200000000007473, 0x0300000000657473  # these two stand for saint, sainte
SAINT, SAINTE = 0x050000746E696173, 0x060065746E696173
# Compressing 64 bytes takes this set of instructions; without it a loop over bits is faster.
WIDE = has("avx512vbmi2")


def words_of(value: int) -> Any:
    """The same number in every lane."""
    return ir.Constant(llvm.WORDS, [value] * EIGHT)


def spread(builder: Any, value: Any, of: Any) -> Any:
    """A vector type `of` with one value in every lane."""
    empty = ir.Constant(of, ir.Undefined)
    one = builder.insert_element(empty, value, ir.Constant(llvm.INT, 0))
    return builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(llvm.INT, of.count), None))


def _call(builder: Any, name: str, result: Any, args: list[Any]) -> Any:
    kind = ir.FunctionType(result, [each.type for each in args])
    return builder.call(builder.module.declare_intrinsic(name, (), kind), args)


def _gathered(builder: Any, base: Any, offsets: Any, of: Any) -> Any:
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


def _gather(builder: Any, base: Any, offsets: Any) -> Any:
    """Eight words, `offsets` bytes behind a pointer."""
    return _gathered(builder, base, offsets, llvm.WORDS)


def gather_at(builder: Any, base: Any, places: Any, at: Any, more: int = 0) -> Any:
    """Eight words that begin `more` bytes behind `places[at]` and the seven next to it."""
    here = builder.bitcast(builder.gep(places, [at]), ir.PointerType(llvm.PLACES))
    offsets = builder.zext(builder.load(here, align=4), llvm.WORDS)
    return _gather(builder, base, builder.add(offsets, words_of(more)))


def _compressed(builder: Any, values: Any, chosen: Any) -> Any:
    """The chosen lanes next to each other, whatever behind them.

    In a register: processors of AMD (Zen 4) take over a hundred cycles to compress into memory.
    """
    of = {llvm.WORDS: "v8i64", llvm.PLACES: "v8i32", llvm.BLOCK: "v64i8"}[values.type]
    rest = ir.Constant(values.type, None)
    name = f"llvm.experimental.vector.compress.{of}"
    return _call(builder, name, values.type, [values, chosen, rest])


def put(builder: Any, chosen: Any, values: Any, base: Any, at: Any) -> None:
    """Store the chosen lanes next to each other from `base[at]` on, where there is room for all."""
    place = builder.bitcast(builder.gep(base, [at]), ir.PointerType(values.type))
    builder.store(_compressed(builder, values, chosen), place, align=values.type.element.width // 8)


def cut(builder: Any, text: Any) -> tuple[Any, Any, Any, Any]:
    """(message word without its tag, letters in it, whether more may follow, whether a digit
    follows) of eight bytes in each lane."""
    block = builder.bitcast(text, llvm.BLOCK)
    others = builder.bitcast(
        builder.sext(builder.not_(between(builder, block, 97, 122)), llvm.BLOCK), llvm.WORDS
    )
    digits = builder.bitcast(builder.sext(between(builder, block, 48, 57), llvm.BLOCK), llvm.WORDS)
    low = builder.and_(builder.sub(others, words_of(1)), builder.not_(others))
    first = builder.and_(others, builder.sub(words_of(0), others))
    size = builder.lshr(_call(builder, "llvm.ctpop.v8i64", llvm.WORDS, [low]), words_of(3))
    open_ = builder.icmp_unsigned("==", others, words_of(0))
    digit = builder.icmp_unsigned("!=", builder.and_(digits, first), words_of(0))
    return builder.and_(text, low), size, open_, digit


def _seats(builder: Any, key: Any) -> Any:
    """Where words with these message words sit in a memo, in bytes."""
    mixed = builder.mul(key, words_of(MIX))
    shift = 64 - MEMO.bit_length() + 1
    return builder.shl(builder.lshr(mixed, words_of(shift)), words_of(3))


def numbers_from(builder: Any, first: Any) -> Any:
    """The numbers `first`, `first` + 1, …"""
    start = spread(builder, builder.trunc(first, llvm.INT), llvm.PLACES)
    return builder.add(start, ir.Constant(llvm.PLACES, list(range(EIGHT))))


def told_of(builder: Any, chosen: Any) -> Any:
    """The chosen lanes as bits."""
    return builder.zext(builder.bitcast(chosen, llvm.BYTE), llvm.WORD)


@intrinsic
def _spread_bits(_typing: Any, _mask: Any, _base: Any, target: Any, _at: Any) -> Any:
    def generate(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        mask, base, places, at = args
        bits = builder.bitcast(mask, ir.VectorType(llvm.BIT, LANES))
        order = ir.Constant(llvm.BLOCK, list(range(LANES)))
        inside = _compressed(builder, order, bits)
        of = ir.VectorType(llvm.INT, 16)
        start = spread(builder, builder.trunc(base, llvm.INT), of)
        count = _call(builder, "llvm.ctpop.i64", llvm.WORD, [mask])

        def put(number: int) -> None:
            step = ir.Constant(llvm.WORD, 16 * number)
            lanes = ir.Constant(of, list(range(16 * number, 16 * number + 16)))
            here = builder.shuffle_vector(inside, ir.Constant(llvm.BLOCK, ir.Undefined), lanes)
            wide = builder.add(builder.zext(here, of), start)
            place = builder.gep(places, [builder.add(at, step)])
            builder.store(wide, builder.bitcast(place, ir.PointerType(of)), align=4)

        put(0)
        with builder.if_then(
            builder.icmp_unsigned(">", count, ir.Constant(llvm.WORD, 16)), likely=False
        ):
            for number in (1, 2, 3):
                put(number)
        return context.get_dummy_value()

    return types.none(types.uint64, types.int64, target, types.int64), generate


spread_bits: Any = _spread_bits  # (mask, place of its first bit, places, where in them)


@intrinsic
def _cut_short(
    _typing: Any, text: Any, places: Any, _at: Any, memo: Any, short: Any, short_at: Any,
    _n_short: Any, long_at: Any, _n_long: Any,
) -> Any:  # fmt: skip
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        f, place, t, known, out, out_at, n_short, more_at, n_long = args
        word, size, open_, digit = cut(builder, gather_at(builder, f, place, t))
        key = builder.or_(word, builder.shl(size, words_of(56)))
        for name, meant in ((ST, SAINT), (STE, SAINTE)):
            same = builder.icmp_unsigned("==", key, words_of(name))
            key = builder.select(same, words_of(meant), key)
        seen = _gather(builder, known, _seats(builder, key))
        new = builder.icmp_unsigned("!=", seen, key)
        left = builder.or_(open_, digit)
        new = builder.and_(new, builder.not_(left))
        new = builder.and_(new, builder.icmp_unsigned("!=", size, words_of(0)))
        numbers = numbers_from(builder, t)
        put(builder, new, key, out, n_short)
        put(builder, new, numbers, out_at, n_short)
        put(builder, open_, numbers, more_at, n_long)
        eight = ir.Constant(llvm.WORD, EIGHT)
        return builder.or_(told_of(builder, new), builder.shl(told_of(builder, open_), eight))

    signature = types.uint64(
        text, places, types.int64, memo, short, short_at, types.int64, long_at, types.int64
    )
    return signature, generate


# (text, places, which eight of them, memo, message words, numbers of words, how many, numbers of
# words of eight letters and more, how many); tells which lanes went into the first list, and by
# higher bits which into the second.
cut_short: Any = _cut_short


@intrinsic
def _cut_long(
    _typing: Any, text: Any, places: Any, numbers: Any, _at: Any, memo: Any, memo2: Any, long: Any,
    long2: Any, long_at: Any, _n_long: Any, more_at: Any, _n_more: Any,
) -> Any:  # fmt: skip
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        f, place, which, t, known, known2, out, out2, out_at, n_long, rest_at, n_more = args
        here = builder.bitcast(builder.gep(which, [t]), ir.PointerType(llvm.PLACES))
        number = builder.load(here, align=4)
        step = builder.shl(builder.zext(number, llvm.WORDS), words_of(2))
        offsets = builder.and_(_gather(builder, place, step), words_of(0xFFFFFFFF))
        start = _gather(builder, f, offsets)
        behind = _gather(builder, f, builder.add(offsets, words_of(8)))
        word, size, open_, digit = cut(builder, behind)
        key = builder.or_(word, builder.shl(builder.add(size, words_of(8)), words_of(56)))
        seats = _seats(builder, builder.xor(start, builder.mul(key, words_of(MIX))))
        new = builder.or_(
            builder.icmp_unsigned("!=", _gather(builder, known, seats), start),
            builder.icmp_unsigned("!=", _gather(builder, known2, seats), key),
        )
        new = builder.and_(new, builder.not_(builder.or_(open_, digit)))
        # Behind the last number stands the end of the text.
        new = builder.and_(new, builder.icmp_unsigned("!=", start, words_of(NOTHING)))
        put(builder, new, start, out, n_long)
        put(builder, new, key, out2, n_long)
        put(builder, new, number, out_at, n_long)
        put(builder, open_, number, rest_at, n_more)
        eight = ir.Constant(llvm.WORD, EIGHT)
        return builder.or_(told_of(builder, new), builder.shl(told_of(builder, open_), eight))

    signature = types.uint64(
        text, places, numbers, types.int64, memo, memo2, long, long2, long_at, types.int64,
        more_at, types.int64,
    )  # fmt: skip
    return signature, generate


cut_long: Any = _cut_long  # the same of words of eight letters and more, `numbers` of them


def _cut_alnum(builder: Any, text: Any) -> tuple[Any, Any, Any]:
    """(message word without its tag, letters and digits in it, whether more may follow) of eight
    bytes in each lane."""
    block = builder.bitcast(text, llvm.BLOCK)
    inside = builder.or_(between(builder, block, 97, 122), between(builder, block, 48, 57))
    others = builder.bitcast(builder.sext(builder.not_(inside), llvm.BLOCK), llvm.WORDS)
    low = builder.and_(builder.sub(others, words_of(1)), builder.not_(others))
    size = builder.lshr(_call(builder, "llvm.ctpop.v8i64", llvm.WORDS, [low]), words_of(3))
    return builder.and_(text, low), size, builder.icmp_unsigned("==", others, words_of(0))


def _packed(builder: Any, start: Any, behind: Any) -> Any:
    """Nine digits as `shapes.pack` writes them, of which the first eight are `start`: two, four
    and eight at once."""
    zeros = words_of(0x3030303030303030)
    value = builder.sub(start, zeros)
    for bits, mask in ((8, 0x00FF00FF00FF00FF), (16, 0x0000FFFF0000FFFF), (32, 0xFFFFFFFF)):
        front = builder.mul(value, words_of(12 ** (bits // 8)))
        value = builder.and_(
            builder.add(front, builder.lshr(value, words_of(bits))), words_of(mask)
        )
    last = builder.sub(builder.and_(behind, words_of(255)), words_of(48))
    front = builder.mul(builder.add(value, words_of(12**8)), words_of(12))
    return builder.add(front, last)


@intrinsic
def _cut_runs(
    _typing: Any, text: Any, places: Any, _at: Any, short: Any, short_at: Any, _n_short: Any,
    long: Any, long2: Any, long_at: Any, _n_long: Any, bare: Any, bare_at: Any, _n_bare: Any,
) -> Any:  # fmt: skip
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        (
            f, place, t, out, out_at, n_short, more, more2, more_at, n_long, nine, nine_at, n_nine
        ) = args  # fmt: skip
        here = builder.bitcast(builder.gep(place, [t]), ir.PointerType(llvm.PLACES))
        begins, start = builder.load(here, align=4), gather_at(builder, f, place, t)
        word, size, open_ = _cut_alnum(builder, start)
        some = builder.icmp_unsigned("!=", size, words_of(0))
        short_ = builder.and_(builder.not_(open_), some)
        put(builder, short_, builder.or_(word, builder.shl(size, words_of(56))), out, n_short)
        put(builder, short_, begins, out_at, n_short)
        behind = gather_at(builder, f, place, t, 8)
        word, size, _ = _cut_alnum(builder, behind)
        tag = builder.shl(builder.add(size, words_of(8)), words_of(56))
        put(builder, open_, start, more, n_long)
        put(builder, open_, builder.or_(word, tag), more2, n_long)
        put(builder, open_, begins, more_at, n_long)
        digits = builder.sext(
            between(builder, builder.bitcast(start, llvm.BLOCK), 48, 57), llvm.BLOCK
        )
        of_digits = builder.bitcast(digits, llvm.WORDS)
        bare_ = builder.icmp_unsigned("==", of_digits, words_of(0xFFFFFFFFFFFFFFFF))
        bare_ = builder.and_(bare_, builder.icmp_unsigned("==", size, words_of(1)))
        ninth = builder.icmp_unsigned("<=", builder.and_(behind, words_of(255)), words_of(57))
        bare_ = builder.and_(bare_, ninth)
        put(builder, bare_, _packed(builder, start, behind), nine, n_nine)
        put(builder, bare_, begins, nine_at, n_nine)
        told = told_of(builder, short_)
        for number, each in ((8, open_), (16, bare_)):
            told = builder.or_(
                told, builder.shl(told_of(builder, each), ir.Constant(llvm.WORD, number))
            )
        return told

    signature = types.uint64(
        text, places, types.int64, short, short_at, types.int64, long, long2, long_at, types.int64,
        bare, bare_at, types.int64,
    )  # fmt: skip
    return signature, generate


# Runs of up to fifteen letters and digits: (text, places, which eight of them, message words of
# those of up to seven, their places, how many, two message words of the others, their places, how
# many, those of nine digits packed, their places, how many); tells which lanes went into which
# list as `cut_short` does.
cut_runs: Any = _cut_runs


@intrinsic
def _seated(_typing: Any, seats: Any, _mask: Any, wanted: Any, _at: Any) -> Any:
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        base, mask, numbers, at = args
        here = builder.bitcast(builder.gep(numbers, [at]), ir.PointerType(llvm.SIXTEEN))
        number = builder.load(here, align=4)
        seat = builder.and_(number, spread(builder, builder.trunc(mask, llvm.INT), llvm.SIXTEEN))
        offsets = builder.zext(
            builder.shl(seat, ir.Constant(llvm.SIXTEEN, [2] * 16)), ir.VectorType(llvm.WORD, 16)
        )
        found = _gathered(builder, base, offsets, llvm.SIXTEEN)
        nothing = ir.Constant(llvm.SIXTEEN, [0] * 16)
        asked = builder.icmp_unsigned("!=", number, nothing)
        same = builder.and_(asked, builder.icmp_unsigned("==", found, number))
        taken = builder.and_(asked, builder.icmp_unsigned("!=", found, nothing))
        other = builder.and_(taken, builder.not_(same))
        half = ir.IntType(16)
        told = builder.zext(builder.bitcast(same, half), llvm.WORD)
        rest = builder.zext(builder.bitcast(other, half), llvm.WORD)
        return builder.or_(told, builder.shl(rest, ir.Constant(llvm.WORD, 16)))

    return types.uint64(seats, types.int64, wanted, types.int64), generate


# (seats of a hash set, how many less 1, numbers, which sixteen of them): bits of those that sit
# where they begin to be looked for, and from bit 16 on of those whose seat another one has.
seated: Any = _seated
