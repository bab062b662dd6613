"""Words and runs of a text in eight lanes at once: cut out, and harmless words left out.

`spread_bits` makes places of the bits of a mask. `cut_short` and `cut_long` take eight places of
words each, load their bytes, find where the letters end and put down the SipHash message words of
those that a memo of harmless words does not hold. Where a processor has no such instructions LLVM
makes plain ones of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from native import llvm
from native.jit import inlined, intrinsic, types
from native.lanes import (
    call,
    compressed,
    gather,
    gather_at,
    gathered,
    numbers_from,
    put,
    spread,
    told_of,
    whole_bytes,
    words_of,
)
from native.llvm import EIGHT as EIGHT
from native.llvm import LANES, ir
from native.vector import between

MEMO = 8192  # words of up to seven letters that are remembered, and as many longer ones
MIX = 0x9E3779B1  # odd, near 2^32 over the golden ratio
NEARER, MIXED, APART = 29, 19, 5  # shifts: bits of a word folded, of a product kept, of two words
NOTHING = 0x0A0A0A0A0A0A0A0A  # what stands behind a text
ST, STE = 0x0200000000007473, 0x0300000000657473  # these two stand for saint, sainte
SAINT, SAINTE = 0x050000746E696173, 0x060065746E696173


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
    size = whole_bytes(builder, low)
    open_ = builder.icmp_unsigned("==", others, words_of(0))
    digit = builder.icmp_unsigned("!=", builder.and_(digits, first), words_of(0))
    return builder.and_(text, low), size, open_, digit


def _seats(builder: Any, key: Any) -> Any:
    """Where words with these message words sit in a memo, in bytes (`seat`)."""
    near = builder.xor(key, builder.lshr(key, words_of(NEARER)))
    mixed = builder.mul(builder.and_(near, words_of(0xFFFFFFFF)), words_of(MIX))
    found = builder.lshr(mixed, words_of(MIXED - 3))
    return builder.and_(found, words_of((MEMO - 1) << 3))


@inlined
def seat(key):
    """Where a word of up to seven letters sits in a memo, told from its message word. One product
    of 32 bits, which processors take lane by lane at no cost."""
    near = (key ^ (key >> np.uint64(NEARER))) & np.uint64(0xFFFFFFFF)
    return np.int64((near * np.uint64(MIX)) >> np.uint64(MIXED)) & np.int64(MEMO - 1)


@inlined
def long_seat(start, key):
    """The same of a longer one, told from its two message words."""
    return seat(start ^ (key >> np.uint64(APART)))


@inlined
def spelt_out(m):
    """The message word of a short word, of st and ste that of what they stand for."""
    m = np.uint64(SAINT) if m == np.uint64(ST) else m
    return np.uint64(SAINTE) if m == np.uint64(STE) else m


@intrinsic
def _spread_bits(_typing: Any, _mask: Any, _base: Any, target: Any, _at: Any) -> Any:
    def generate(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        mask, base, places, at = args
        bits = builder.bitcast(mask, ir.VectorType(llvm.BIT, LANES))
        order = ir.Constant(llvm.BLOCK, list(range(LANES)))
        inside = compressed(builder, order, bits)
        of = ir.VectorType(llvm.INT, 16)
        start = spread(builder, builder.trunc(base, llvm.INT), of)
        count = call(builder, "llvm.ctpop.i64", llvm.WORD, [mask])

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
        seen = gather(builder, known, _seats(builder, key))
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
        offsets = builder.and_(gather(builder, place, step), words_of(0xFFFFFFFF))
        start = gather(builder, f, offsets)
        behind = gather(builder, f, builder.add(offsets, words_of(8)))
        word, size, open_, digit = cut(builder, behind)
        key = builder.or_(word, builder.shl(builder.add(size, words_of(8)), words_of(56)))
        seats = _seats(builder, builder.xor(start, builder.lshr(key, words_of(APART))))
        new = builder.or_(
            builder.icmp_unsigned("!=", gather(builder, known, seats), start),
            builder.icmp_unsigned("!=", gather(builder, known2, seats), key),
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
    size = whole_bytes(builder, low)
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
        found = gathered(builder, base, offsets, llvm.SIXTEEN)
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
