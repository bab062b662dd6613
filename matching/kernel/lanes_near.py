"""What stands around a hit in eight lanes at once: runs as long as passwords, two words as one.

Like `lanes`: SipHash message words are put down next to each other, to be hashed several at once.
"""

from __future__ import annotations

from typing import Any

from matching.kernel.lanes import cut
from native import llvm
from native.jit import intrinsic, types
from native.lanes import gather_at, numbers_from, put, spread, told_of, words_of
from native.llvm import EIGHT, ir


def _cut_off(builder: Any, text: Any, size: Any) -> Any:
    """The lowest `size` bytes of each word, 0 to 7."""
    bits = builder.shl(size, words_of(3))
    return builder.and_(text, builder.sub(builder.shl(words_of(1), bits), words_of(1)))


def _between(builder: Any, value: Any, low: int, behind: int) -> Any:
    """Lanes whose word is from `low` up to `behind`, that not included."""
    return builder.icmp_unsigned("<", builder.sub(value, words_of(low)), words_of(behind - low))


def _byte(builder: Any, text: Any) -> Any:
    """The lowest byte of each word."""
    return builder.and_(text, words_of(255))


def _joins(builder: Any, text: Any) -> Any:
    """Lanes whose first byte may stand between two words that are one: space, dash, apostrophe."""
    gap = _byte(builder, text)
    found = builder.icmp_unsigned("==", gap, words_of(32))
    for byte in b"-'":
        found = builder.or_(found, builder.icmp_unsigned("==", gap, words_of(byte)))
    return found


def _places(builder: Any, base: Any, at: Any, step: int = 0) -> Any:
    here = builder.gep(base, [builder.add(at, ir.Constant(llvm.WORD, step))])
    return builder.load(builder.bitcast(here, ir.PointerType(llvm.PLACES)), align=4)


def _counts(builder: Any, *lists: Any) -> Any:
    """Which lanes went into each list, eight bits for each."""
    found = told_of(builder, lists[0])
    for number, chosen in enumerate(lists[1:], 1):
        shift = ir.Constant(llvm.WORD, EIGHT * number)
        found = builder.or_(found, builder.shl(told_of(builder, chosen), shift))
    return found


@intrinsic
def _cut_chunks(
    _typing: Any, text: Any, places: Any, ends: Any, _at: Any, _lengths: Any, short: Any,
    _n_short: Any, long: Any, long2: Any, _n_long: Any, rest: Any, _n_rest: Any,
) -> Any:  # fmt: skip
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        f, place, stop, t, lengths, out, n_short, more, more2, n_long, others, n_rest = args
        begins = _places(builder, place, t)
        size = builder.zext(builder.sub(_places(builder, stop, t), begins), llvm.WORDS)
        bit = builder.and_(builder.sub(size, words_of(1)), words_of(63))
        known = builder.lshr(spread(builder, lengths, llvm.WORDS), bit)
        asked = builder.trunc(known, ir.VectorType(llvm.BIT, EIGHT))
        asked = builder.and_(asked, _between(builder, size, 4, 65))
        tag = builder.shl(size, words_of(56))
        start, behind = gather_at(builder, f, place, t), gather_at(builder, f, place, t, 8)
        short_ = builder.and_(asked, _between(builder, size, 0, 8))
        long_ = builder.and_(asked, _between(builder, size, 8, 16))
        rest_ = builder.and_(asked, builder.icmp_unsigned(">=", size, words_of(16)))
        left = builder.and_(size, words_of(7))
        put(builder, short_, builder.or_(_cut_off(builder, start, left), tag), out, n_short)
        put(builder, long_, start, more, n_long)
        put(builder, long_, builder.or_(_cut_off(builder, behind, left), tag), more2, n_long)
        put(builder, rest_, numbers_from(builder, t), others, n_rest)
        return _counts(builder, short_, long_, rest_)

    signature = types.uint64(
        text, places, ends, types.int64, types.uint64, short, types.int64, long, long2,
        types.int64, rest, types.int64,
    )  # fmt: skip
    return signature, generate


# Runs that begin at some places and end at others: (text, places, ends, which eight of them, a bit
# for each size that is wanted, message words of those of up to seven bytes, how many, two message
# words of those of up to fifteen, how many, numbers of longer ones, how many); tells which lanes
# went into which list, eight bits for each.
cut_chunks: Any = _cut_chunks


@intrinsic
def _cut_joined(
    _typing: Any, text: Any, places: Any, _at: Any, _behind: Any, short: Any, _n_short: Any,
    long: Any, long2: Any, _n_long: Any, rest: Any, _n_rest: Any,
) -> Any:  # fmt: skip
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        f, place, t, last, out, n_short, more, more2, n_long, others, n_rest = args
        one = ir.Constant(llvm.WORD, 1)
        start = gather_at(builder, f, place, t)
        head, size, open_, _ = cut(builder, start)
        following = builder.add(t, one)
        tail, more_size, tail_open, _ = cut(builder, gather_at(builder, f, place, following))
        step = builder.sub(_places(builder, place, t, 1), _places(builder, place, t))
        bits = builder.and_(builder.shl(size, words_of(3)), words_of(56))
        beside = _joins(builder, builder.lshr(start, bits))
        next_to = builder.add(size, words_of(1))
        beside = builder.and_(
            beside, builder.icmp_unsigned("==", builder.zext(step, llvm.WORDS), next_to)
        )
        numbers = numbers_from(builder, t)
        end = spread(builder, builder.trunc(last, llvm.PLACES.element), llvm.PLACES)
        inside = builder.icmp_signed("<", numbers, end)
        beside = builder.and_(beside, builder.not_(open_))
        # Of a longer word the end is not known, but what stands before the next one is.
        ends = gather_at(builder, f, place, following, -2)
        joined = _joins(builder, builder.lshr(ends, words_of(8)))
        joined = builder.and_(joined, _between(builder, _byte(builder, ends), 97, 123))
        rest_ = builder.or_(builder.and_(open_, joined), builder.and_(beside, tail_open))
        rest_ = builder.and_(inside, rest_)
        beside = builder.and_(builder.and_(beside, inside), builder.not_(tail_open))
        whole = builder.add(size, more_size)
        tag = builder.shl(whole, words_of(56))
        first = builder.or_(head, builder.shl(tail, bits))
        back = builder.and_(builder.sub(words_of(64), bits), words_of(63))
        second = builder.or_(builder.lshr(tail, back), tag)
        short_ = builder.and_(beside, _between(builder, whole, 0, 8))
        long_ = builder.and_(beside, builder.icmp_unsigned(">=", whole, words_of(8)))
        put(builder, short_, builder.or_(first, tag), out, n_short)
        put(builder, long_, first, more, n_long)
        put(builder, long_, second, more2, n_long)
        put(builder, rest_, numbers, others, n_rest)
        return _counts(builder, short_, long_, rest_)

    signature = types.uint64(
        text, places, types.int64, types.int64, short, types.int64, long, long2, types.int64,
        rest, types.int64,
    )  # fmt: skip
    return signature, generate


# Words and the ones behind them as one, where one space, dash or apostrophe stands between: (text,
# places of words, which eight of them, one past the last that is wanted, message words of those of
# up to seven letters, how many, two message words of those of up to fourteen, how many, numbers of
# words of which one of the two has eight letters or more, how many); tells which lanes went into
# which list, eight bits for each.
cut_joined: Any = _cut_joined
