"""Kernels compiled by numba. Imported only where one has not been compiled before.

numba makes machine code of every function on its own, with all that it calls, though only kernels
are ever called from Python: of a kernel with some hundred functions most of the time went there.
Here a function is kept as LLVM's own code until the kernel it belongs to is put together, optimised
as a whole and made machine code of, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
from llvmlite import binding, ir
from numba.core import config
from numba.core.codegen import JITCodeLibrary
from numba.core.registry import cpu_target
from numba.extending import intrinsic as numba_intrinsic
from numba.extending import typeof_impl

from native.arguments import plain, told
from native.jit import Lazy
from native.linking import linked
from native.machine_code import NEVER_CALLED, Code
from native.objects import target_machine

Function = Callable[..., Any]

WORD = ir.IntType(64)
ARRAY = ("meminfo", "parent", "nitems", "itemsize", "data", "shape", "strides")
# What compiled code may call: the C library's; the first two are added by numba in vain.
OUTSIDE = frozenset({*NEVER_CALLED, "memcpy", "memmove", "memset"})
# What LLVM makes of instructions of its own that the processor does not have: the C library's too.
MADE_CALLS = frozenset({"log2"})
# numba's stubs do not know every option of its own decorator.
njit: Any = numba.njit


def _widen() -> None:
    """Let LLVM make lanes as wide as the processor has them, unless another one is asked for.

    It takes half of them where processors of that kind once ran slower with all (measured on
    Emerald Rapids: logs, source code and dumps take 5 to 10 % less with all).
    """
    settings: Any = config
    features = binding.get_host_cpu_features()
    named = settings.CPU_NAME is not None or settings.CPU_FEATURES is not None
    if not named and features.get("avx512vbmi2"):
        settings.CPU_FEATURES = f"{features.flatten()},-prefer-256-bit"


_widen()


def inner(function: Function) -> Any:
    """See `jit.inner`."""
    return njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(
        function
    )


def inlined(function: Function) -> Any:
    """See `jit.inlined`."""
    return njit(
        nogil=True, error_model="numpy", forceinline=True,
        no_cpython_wrapper=True, no_cfunc_wrapper=True,
    )(function)  # fmt: skip


def intrinsic(function: Function) -> Any:
    """See `jit.intrinsic`."""
    made = numba_intrinsic(function)
    cpu_target.typing_context.refresh()  # it may be met in the middle of a compilation
    return made


@typeof_impl.register(Lazy)
def _typeof_lazy(lazy: Lazy, _purpose: Any) -> Any:
    """A function marked by `jit` stands for what numba makes of it."""
    return cpu_target.typing_context.resolve_value_type(lazy.made)


class _Part(JITCodeLibrary):
    """A function of which no machine code is made."""

    def finalize(self) -> None:
        """Nothing is added any more."""
        self._raise_if_finalized()
        self._finalized = True

    def get_pointer_to_function(self, _name: str) -> int:
        """None: it is not called from Python."""
        return 0

    def whole(self, entry: str) -> Any:
        """LLVM's module of this function, named `entry`, and all that it calls, optimised."""
        self._ensure_finalized()
        waiting, seen = [self], {id(self)}
        while waiting:
            for each in waiting.pop()._linking_libraries:  # noqa: SLF001
                if id(each) not in seen:
                    seen.add(id(each))
                    waiting.append(each)
                    # Each is given as code of which copies do no harm, and goes where nobody calls.
                    shared = each._get_module_for_linking()  # noqa: SLF001
                    self._final_module.link_in(shared, preserve=True)
        # LLVM only puts a long function into its one caller, and leaves out arguments that nobody
        # reads, where it knows that no one else calls it.
        for each in self._final_module.functions:
            if not each.is_declaration and each.name != entry:
                each.linkage = "internal"
        self._optimize_final_module()
        self._final_module.verify()
        return self._final_module


@contextmanager
def _put_off() -> Iterator[None]:
    """Functions compiled meanwhile are each a _Part."""
    codegen = cpu_target.target_context.codegen()
    # There is no machine code that an environment could be written into.
    changed = {"_library_class": _Part, "set_env": lambda *_: None}
    for name, value in changed.items():
        setattr(codegen, name, value)
    try:
        yield
    finally:
        for name in changed:
            delattr(codegen, name)


def compiled(dispatcher: Any, arguments: tuple[Any, ...]) -> Code:
    """The machine code of a kernel for arguments of these kinds; raises TypeError where it gives
    back what no kernel may, or needs what is not there when numba is not."""
    signature = tuple(numba.typeof(plain(each)) for each in arguments)
    with _put_off():
        dispatcher.compile(signature)
    made = dispatcher.overloads[signature]
    module = made.library.whole(made.fndesc.llvm_func_name)
    needed = {
        each.name
        for each in module.functions
        if each.is_declaration and not each.name.startswith("llvm.")
    } - OUTSIDE
    name = made.fndesc.qualname
    if needed:
        raise TypeError(f"the kernel {name} needs {', '.join(sorted(needed))}")
    results = made.signature.return_type
    many = isinstance(results, numba.types.BaseTuple)
    parts = tuple(results) if many else () if results == numba.types.none else (results,)
    entry, symbol = _entry(made, sum(len(told(each)[1]) for each in arguments) // 8, parts)
    objects = made.library.codegen._tm.emit_object(module), entry  # noqa: SLF001
    forms = tuple(_form(part, name) for part in parts)
    return Code(linked(objects, symbol, OUTSIDE | MADE_CALLS) or objects, symbol, forms, many)


def _form(kind: Any, name: str) -> str:
    """What a number that comes back is."""
    if isinstance(kind, numba.types.Boolean):
        return "bool"
    if kind in numba.types.integer_domain:
        return "int" if kind in numba.types.signed_domain else "uint"
    if kind == numba.types.float64:
        return "float"
    raise TypeError(f"the kernel {name} gives back {kind}; a kernel gives back numbers")


def _entry(made: Any, words: int, parts: tuple[Any, ...]) -> tuple[bytes, str]:
    """(object, symbol) of a function that takes the address of a kernel's arguments as words."""
    convention = made.target_context.call_conv
    inside = convention.get_function_type(made.signature.return_type, made.signature.args)
    leaves = inside.args[2:]
    _check_the_order(made)
    if len(leaves) != words:
        raise TypeError("this release of numba passes arguments in another way")
    module = ir.Module("entry")
    module.triple = binding.get_process_triple()
    kernel = ir.Function(module, inside, made.fndesc.llvm_func_name)
    symbol = "vigie_entry"
    entry = ir.Function(module, ir.FunctionType(ir.IntType(32), [WORD.as_pointer()]), symbol)
    builder = ir.IRBuilder(entry.append_basic_block())
    room = entry.args[0]

    def place(at: int) -> Any:
        return builder.gep(room, [ir.Constant(WORD, at)])

    result = builder.alloca(inside.args[0].pointee)
    error = builder.alloca(inside.args[1].pointee)
    given = [_as(builder, builder.load(place(at)), kind) for at, kind in enumerate(leaves)]
    status = builder.call(kernel, [result, error, *given])
    for at, part in enumerate(parts):
        found = builder.load(result)
        if len(parts) > 1 or isinstance(found.type, ir.LiteralStructType | ir.ArrayType):
            found = builder.extract_value(found, at)
        builder.store(_as_word(builder, found, part), place(words + at))
    builder.ret(status)
    parsed = binding.parse_assembly(str(module))
    parsed.verify()
    return target_machine().emit_object(parsed), symbol


def _check_the_order(made: Any) -> None:
    """Raise TypeError where numba takes the parts of an array in another order than `arguments`
    gives them."""
    array = numba.types.Array(numba.types.uint8, 1, "C")
    model = made.target_context.data_model_manager[array]
    if tuple(model._fields) != ARRAY:
        raise TypeError("this release of numba passes arrays in another way")


def _as(builder: Any, word: Any, kind: Any) -> Any:
    """A word of 64 bits as what a kernel takes."""
    if isinstance(kind, ir.PointerType):
        return builder.inttoptr(word, kind)
    if isinstance(kind, ir.DoubleType):
        return builder.bitcast(word, kind)
    if not isinstance(kind, ir.IntType):
        raise TypeError(f"a kernel takes no {kind}")
    return word if kind.width == WORD.width else builder.trunc(word, kind)


def _as_word(builder: Any, value: Any, kind: Any) -> Any:
    """A number that comes back, as a word of 64 bits."""
    if isinstance(value.type, ir.DoubleType):
        return builder.bitcast(value, WORD)
    if value.type.width == WORD.width:
        return value
    signed = kind in numba.types.signed_domain
    return builder.sext(value, WORD) if signed else builder.zext(value, WORD)
