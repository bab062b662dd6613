"""The compiled part of matching: tokens, look-ups, windows, evidence.

Importing its modules loads numpy and LLVM, and numba only where a kernel has to be compiled.
"""
