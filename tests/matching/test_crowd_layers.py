"""People that stand in two views of one text are counted once."""

from __future__ import annotations

import pytest

from matching.people import of_layers


@pytest.mark.parametrize(
    ("names", "counts", "people"),
    [
        ([], [], 0),
        ([""], [7], 7),
        (["", "html"], [8, 4], 8),
        (["", "base64", "base64"], [0, 3, 4], 7),
        (["", "base64", "base64>gzip"], [0, 0, 6], 6),
        (["", "base64"], [100, 4], 100),
    ],
)
def test_the_depth_with_most_people_counts(
    names: list[str], counts: list[int], people: int
) -> None:
    assert of_layers(names, counts) == people
