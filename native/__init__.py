"""Functions as machine code: compiled once, kept as files, loaded without the compiler.

A package named `kernel` holds the functions of a room (matching/kernel, extraction/kernel); its
code is kept beside it and made anew when a source in it, or here, changes. Nothing here reads a
key or a text.
"""
