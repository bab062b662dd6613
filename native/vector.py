"""A few instructions numba has no name for: 64 bytes at once, and bits of a word."""

from __future__ import annotations

from typing import Any

from native import llvm
from native.jit import intrinsic, types
from native.llvm import LANES as LANES
from native.llvm import ir


def splat(value: int) -> Any:
    return ir.Constant(llvm.BLOCK, [value] * LANES)


def block_at(builder: Any, pointer: Any, at: Any) -> Any:
    """The 64 bytes at `pointer + at`, wherever that is."""
    place = builder.bitcast(builder.gep(pointer, [at]), llvm.BLOCK.as_pointer())
    return builder.load(place, align=1)


def between(builder: Any, block: Any, low: int, high: int) -> Any:
    """Lanes whose byte is from `low` to `high`."""
    return builder.icmp_unsigned("<=", builder.sub(block, splat(low)), splat(high - low))


def mask_of(name: str, lanes: Any) -> Any:
    """An intrinsic `name(pointer, at)`: a bit for each of 64 bytes that `lanes` chooses."""

    def typed(_typing: Any, pointer: Any, _at: Any) -> Any:
        def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            chosen = lanes(builder, block_at(builder, args[0], args[1]), args)
            return builder.bitcast(chosen, llvm.WORD)

        return types.uint64(pointer, types.int64), generate

    typed.__name__ = typed.__qualname__ = name
    return intrinsic(typed)


def any_of(builder: Any, *parts: Any) -> Any:
    whole = parts[0]
    for part in parts[1:]:
        whole = builder.or_(whole, part)
    return whole


def one_of(builder: Any, block: Any, bytes_: bytes) -> Any:
    return any_of(builder, *(between(builder, block, each, each) for each in bytes_))


def _gaps(builder: Any, block: Any, _args: Any) -> Any:
    return any_of(
        builder,
        between(builder, block, 32, 32),
        between(builder, block, 45, 47),
        between(builder, block, 40, 41),
        between(builder, block, 95, 95),
    )


def _mail_domains(builder: Any, block: Any, _args: Any) -> Any:
    """What may stand behind an at sign: letters, digits, point and dash."""
    parts = ((97, 122), (48, 57), (45, 46))
    return any_of(builder, *(between(builder, block, low, high) for low, high in parts))


def _mail_locals(builder: Any, block: Any, args: Any) -> Any:
    """And before it: a low line, plus and percent, too."""
    return builder.or_(_mail_domains(builder, block, args), one_of(builder, block, b"_+%"))


def _chunks(builder: Any, block: Any, _args: Any) -> Any:
    """What may stand inside a password: anything but space, quotes and delimiters."""
    others = [between(builder, block, 0, 32)]
    others += [between(builder, block, each, each) for each in b"\"',:;|<>"]
    return builder.not_(any_of(builder, *others))


def _months(builder: Any, block: Any, _args: Any) -> Any:
    """What a month may begin with, in French or English, or er behind a 1."""
    letters = (97, 100, 101, 102, 106, 109, 110, 111, 115)
    return any_of(builder, *(between(builder, block, each, each) for each in letters))


def _unusual(builder: Any, block: Any, args: Any) -> Any:
    """What no plain folding of ASCII covers: bytes over 127, and a backslash before a u."""
    behind = block_at(builder, args[0], builder.add(args[1], ir.Constant(llvm.WORD, 1)))
    escape = builder.and_(between(builder, block, 92, 92), between(builder, behind, 117, 117))
    return builder.or_(between(builder, block, 128, 255), escape)


def _special(builder: Any, block: Any, args: Any) -> Any:
    """What is not folded by its case alone: the unusual, and control characters but tabs and line
    ends."""
    kept = builder.not_(between(builder, block, 9, 10))
    control = builder.and_(between(builder, block, 0, 31), kept)
    return builder.or_(control, _unusual(builder, block, args))


letters: Any = mask_of("letters", lambda b, block, _: between(b, block, 97, 122))
digits: Any = mask_of("digits", lambda b, block, _: between(b, block, 48, 57))
ats: Any = mask_of("ats", lambda b, block, _: between(b, block, 64, 64))
flagged: Any = mask_of("flagged", lambda b, block, _: between(b, block, 1, 255))
lines: Any = mask_of("lines", lambda b, block, _: between(b, block, 10, 10))
gaps: Any = mask_of("gaps", _gaps)
spaces: Any = mask_of("spaces", lambda b, block, _: between(b, block, 32, 32))
zeros: Any = mask_of("zeros", lambda b, block, _: between(b, block, 48, 48))
twos: Any = mask_of("twos", lambda b, block, _: between(b, block, 50, 50))
to_twos: Any = mask_of("to_twos", lambda b, block, _: between(b, block, 48, 50))
to_threes: Any = mask_of("to_threes", lambda b, block, _: between(b, block, 48, 51))
dash: Any = mask_of("dash", lambda b, block, _: between(b, block, 45, 45))
colon: Any = mask_of("colon", lambda b, block, _: between(b, block, 58, 58))
pluses: Any = mask_of("pluses", lambda b, block, _: between(b, block, 43, 43))
chunks: Any = mask_of("chunks", _chunks)
corsican: Any = mask_of("corsican", lambda b, block, _: between(b, block, 97, 98))
mail_domains: Any = mask_of("mail_domains", _mail_domains)
mail_locals: Any = mask_of("mail_locals", _mail_locals)
months: Any = mask_of("months", _months)
unusual: Any = mask_of("unusual", _unusual)
special: Any = mask_of("special", _special)


def _bit(number: int) -> Any:
    """The mask of one bit of each byte."""

    def lanes(builder: Any, block: Any, _args: Any) -> Any:
        return builder.icmp_unsigned("!=", builder.and_(block, splat(1 << number)), splat(0))

    return mask_of(f"bit_{number}", lanes)


bit_0, bit_1, bit_2, bit_3, bit_4, bit_5, bit_6, bit_7 = map(_bit, range(8))

bits_1_2: Any = mask_of(  # of each byte: whether one of the two is set
    "bits_1_2", lambda b, block, _: b.icmp_unsigned("!=", b.and_(block, splat(6)), splat(0))
)

stars: Any = mask_of("stars", lambda b, block, _: one_of(b, block, b"*#?"))
dots: Any = mask_of("dots", lambda b, block, _: between(b, block, 46, 46))
points: Any = mask_of("points", lambda b, block, _: one_of(b, block, b".,"))
low_lines: Any = mask_of("low_lines", lambda b, block, _: between(b, block, 95, 95))
exes: Any = mask_of("exes", lambda b, block, _: between(b, block, 120, 120))
# What may follow an initial: a point, what divides cells, what hides letters.
stops: Any = mask_of("stops", lambda b, block, _: one_of(b, block, b';,|\t"\n.*#?'))
apostrophes: Any = mask_of("apostrophes", lambda b, block, _: between(b, block, 39, 39))
figures: Any = mask_of("figures", lambda b, block, _: one_of(b, block, b"oilzsb"))


@intrinsic
def _fold_block(_typing: Any, source: Any, _at: Any, target: Any, _to: Any, _ends: Any) -> Any:
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        block = block_at(builder, args[0], args[1])
        lower = builder.or_(block, splat(32))
        folded = builder.select(between(builder, block, 65, 90), lower, block)
        blank = between(builder, block, 0, 31)
        tab = between(builder, block, 9, 9)
        line = any_of(builder, between(builder, block, 10, 12), between(builder, block, 28, 30))
        carriage = between(builder, block, 13, 13)
        folded = builder.select(blank, splat(32), folded)
        folded = builder.select(tab, splat(9), folded)
        folded = builder.select(line, splat(10), folded)
        of = ir.Constant(llvm.BLOCK, ir.Undefined)
        one = builder.insert_element(of, args[4], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        folded = builder.select(carriage, builder.shuffle_vector(one, of, zeros), folded)
        place = builder.bitcast(builder.gep(args[2], [args[3]]), llvm.BLOCK.as_pointer())
        builder.store(folded, place, align=1)
        return _context.get_dummy_value()

    signature = types.none(source, types.int64, target, types.int64, types.uint8)
    return signature, generate


@intrinsic
def _lower_block(_typing: Any, source: Any, _at: Any, target: Any, _to: Any) -> Any:
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        block = block_at(builder, args[0], args[1])
        lower = builder.or_(block, splat(32))
        folded = builder.select(between(builder, block, 65, 90), lower, block)
        place = builder.bitcast(builder.gep(args[2], [args[3]]), llvm.BLOCK.as_pointer())
        builder.store(folded, place, align=1)
        return _context.get_dummy_value()

    return types.none(source, types.int64, target, types.int64), generate


lower_block: Any = _lower_block  # (source, at, target, to): capitals alone
fold_block: Any = _fold_block  # (source, at, target, to, what a carriage return becomes)


@intrinsic
def _load(_typing: Any, pointer: Any, _at: Any) -> Any:
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        place = builder.bitcast(builder.gep(args[0], [args[1]]), llvm.WORD.as_pointer())
        return builder.load(place, align=1)

    return types.uint64(pointer, types.int64), generate


load_word: Any = _load  # eight bytes, little-endian, wherever they lie


def _asking(name: str, near: int) -> Any:
    """An intrinsic `name(pointer, at)` that asks memory for a byte; `near` is LLVM's locality."""

    def typed(_typing: Any, pointer: Any, _at: Any) -> Any:
        def generate(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
            place = builder.bitcast(builder.gep(args[0], [args[1]]), ir.PointerType(llvm.BYTE))
            number = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
            asked = "llvm.prefetch.p0"
            function = builder.module.globals.get(asked) or ir.Function(builder.module, kind, asked)
            # To be read, as data.
            builder.call(function, [place, *(ir.Constant(number, each) for each in (0, near, 1))])
            return context.get_dummy_value()

        return types.none(pointer, types.int64), generate

    typed.__name__ = typed.__qualname__ = name
    return intrinsic(typed)


# A byte that will be read: memory is asked for it, nothing waits. Soon, or later: what is read
# meanwhile stays in the nearest cache.
prefetch: Any = _asking("prefetch", 3)
prefetch_far: Any = _asking("prefetch_far", 2)


@intrinsic
def _trailing(_typing: Any, _word: Any) -> Any:
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


trailing_zeros: Any = _trailing  # 64 for 0


@intrinsic
def _leading(_typing: Any, _word: Any) -> Any:
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


leading_zeros: Any = _leading  # 64 for 0


@intrinsic
def _ones(_typing: Any, _word: Any) -> Any:
    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), generate


count_ones: Any = _ones
