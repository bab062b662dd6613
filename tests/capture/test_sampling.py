"""A sample proves itself against the root, and nothing else does."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from capture import sampling
from capture.commitments import root
from capture.sampling import BLOCK, RECORDS, proves, sample


@given(
    count=st.integers(1, 40), values=st.lists(st.integers(0, 39), max_size=6),
    flip=st.integers(0, 2**20),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_kept_block_proves_itself_and_no_changed_one(
    count: int, values: list[int], flip: int
) -> None:
    blocks = [bytes([number]) * 40 + f"value{number:04d}".encode() for number in range(count)]
    blocks = [block.ljust(BLOCK, b".") for block in blocks]
    wanted = [number % count for number in values]
    made = sample(b"".join(blocks), [[f"value{number:04d}"] for number in wanted])
    told = json.loads(made.members["blocks.json"])
    assert {one["index"] for one in told["kept"]} == {0, *wanted}
    assert told["root"] == root([sampling._leaf(block) for block in blocks]).hex()
    for one in told["kept"]:
        index, proof = one["index"], one["proof"]
        block = made.members[f"block-{index:06d}"]
        assert block == blocks[index]
        assert proves(block, index, proof, told)
        changed = bytearray(block)
        changed[flip % BLOCK] ^= 1 << flip % 8
        assert not proves(bytes(changed), index, proof, told)
        assert not proves(block, index + 1, proof, told)
        assert not proves(block, index, [*proof, "00" * 32], told)
        if proof:
            assert not proves(block, index, proof[:-1], told)


def test_a_value_over_an_edge_keeps_both_blocks_and_other_charsets_are_found() -> None:
    body = b"." * (BLOCK - 4) + "Hélène-Élise".encode("latin-1") + b"." * BLOCK * 2
    made = sample(body, [["Hélène-Élise"]])
    assert made.facts["blocks_kept"] == [0, 1]
    assert len(made.first) == BLOCK


def test_twenty_records_at_most_and_short_values_keep_nothing() -> None:
    blocks = b"".join(f"value{number:04d}".encode().ljust(BLOCK, b".") for number in range(50))
    made = sample(blocks, [[f"value{number:04d}"] for number in range(50)])
    assert len(made.facts["blocks_kept"]) == RECORDS
    made = sample(blocks, [["0049"], [""]])
    assert made.facts["blocks_kept"] == [0]
