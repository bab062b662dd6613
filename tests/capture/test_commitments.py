"""A record opens alone; no leaf tells its value, and no other value opens it."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.commitments import commit, leaf, root
from evidence.verify.verifier_inside import Failed, check_opening, merkle_root

VALUES = st.lists(
    st.fixed_dictionaries({"row": st.integers(0, 500_000), "text": st.text(max_size=20)}),
    min_size=1,
    max_size=9,
)


@given(VALUES)
def test_every_record_opens_with_the_verifier_of_the_dossier(
    values: list[dict[str, object]],
) -> None:
    values = [
        {**one, "text": str(one["text"]).encode("utf-8", "replace").decode()} for one in values
    ]
    made = commit(values)
    told = {"captures": [{"capture": 1, **made.public}]}
    assert merkle_root(made.public["leaves"]) == made.public["root"]
    for opening in made.openings["records"]:
        check_opening(opening, told)
        with pytest.raises(Failed):
            check_opening({**opening, "value": {**opening["value"], "row": -1}}, told)
        with pytest.raises(Failed):
            check_opening({**opening, "salt": "00" * 32}, told)


def test_a_leaf_cannot_be_found_by_trying_values() -> None:
    value = {"nir": "1850578006084"}
    made = commit([value, value])
    assert made.public["leaves"][0] != made.public["leaves"][1]  # the same value, another salt
    bare = hashlib.sha256(b"\0" + json.dumps(value).encode()).hexdigest()
    assert bare not in made.public["leaves"]
    assert "1850578006084" not in json.dumps(made.public)


def test_a_node_is_never_a_leaf() -> None:
    """Without the prefixes, the two nodes below a root could be shown as a value."""
    leaves = [leaf({"n": n}, bytes(32)) for n in range(2)]
    assert root(leaves) != hashlib.sha256(b"".join(leaves)).digest()
    assert root(leaves[:1]) == leaves[0]
    assert commit([]).public == {}
