"""Which parts of an unknown site's address may stay readable."""

from __future__ import annotations

import pytest

from capture.addresses import mask_address
from crawler.addresses import identifiers


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://p.example/p2.html", "http://p.example/p2.html"),
        ("http://p.example/post-17.html", "http://p.example/post-17.html"),
        ("http://p.example/topic_9/t12", "http://p.example/topic_9/t12"),
        ("http://p.example/view/12345", "http://p.example/view/12345"),
        ("http://p.example/raw/a1B2c3D4", "http://p.example/raw/a1B2c3D4"),
        ("http://p.example/jd19850312", "http://p.example/•••"),
        ("http://p.example/anne75", "http://p.example/•••"),
        ("http://p.example/dupont-75", "http://p.example/•••"),
        ("http://p.example/post-0639981234", "http://p.example/post-•••"),
        ("http://p.example/1985-03-12", "http://p.example/•••"),
        ("http://p.example/0639981234.txt", "http://p.example/•••.txt"),
    ],
)
def test_numbers_of_the_site_stay_and_people_do_not(address: str, shown: str) -> None:
    assert mask_address(address, identifiers(address)) == shown
