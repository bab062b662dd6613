"""The compiled part of matching: tokens, look-ups, windows, evidence.

Importing this package is light; importing its modules loads numba.
"""
