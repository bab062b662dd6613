"""Folding text to one byte a character, and the public word lists the kernels know."""
