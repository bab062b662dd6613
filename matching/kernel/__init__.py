"""The compiled part of matching: tokens, look-ups, windows, evidence.

Importing its modules loads numpy and LLVM, and numba only where a kernel has to be compiled.
"""

# The slowest to compile: whether they are there says whether a command has to wait.
BUILDING = "matching.kernel.columns.read_column"
SCANNING = "matching.kernel.region.scan_region"
