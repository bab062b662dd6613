"""Objects as LLVM makes and loads them: where a kernel is compiled, and on machines for which
kernels are kept as objects (`native.linking`)."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from llvmlite import binding

from native.machine_code import NEVER_CALLED


def loaded(objects: tuple[bytes, bytes], symbol: str) -> tuple[Any, int]:
    """(what keeps it, address of the entry) of objects once LLVM has put them into memory."""
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), target_machine())
    for data in objects:
        engine.add_object_file(binding.ObjectFileRef.from_data(data))
    engine.finalize_object()
    return engine, engine.get_function_address(symbol)


@functools.cache
def _target() -> Any:
    """This machine as LLVM knows it, ready to load code for."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    libc = ctypes.CDLL(None)
    for name in NEVER_CALLED:
        binding.add_symbol(name, ctypes.cast(libc.abort, ctypes.c_void_p).value)
    return binding.Target.from_triple(binding.get_process_triple())


def target_machine() -> Any:
    """A machine to load code for, by the rules that numba's JIT goes by."""
    target = _target()
    reloc = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(opt=2, reloc=reloc, codemodel="jitdefault", jit=True)


def processor() -> str:
    """As `machine_code.processor`, where the system does not tell it."""
    features = binding.get_host_cpu_features()
    return f"{binding.get_process_triple()} {binding.get_host_cpu_name()} {features.flatten()}"
