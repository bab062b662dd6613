"""A synthetic French leak: half a million invented patients in one file.

`generate` writes it, `read_rows` and `pick_rows` read it back, `invent_rows` makes people
who are in no file.
"""

from vigie.demo.leak.generator import ROWS, SEED, LeakFacts, generate, invent_rows
from vigie.demo.leak.row import HEADER, LeakRow, pick_rows, read_rows

__all__ = [
    "HEADER",
    "ROWS",
    "SEED",
    "LeakFacts",
    "LeakRow",
    "generate",
    "invent_rows",
    "pick_rows",
    "read_rows",
]
