"""Spirit's addresses: a title with accents is percent-encoded in its topic's address."""

from __future__ import annotations

import pytest

from spiders.spirit import Spirit


@pytest.mark.parametrize(
    ("address", "topic"),
    [
        ("http://f.example/topic/5/", "http://f.example/topic/5/"),
        ("http://f.example/topic/5/a-list/", "http://f.example/topic/5/"),
        ("http://f.example/topic/5/d%C3%A9j%C3%A0-vu/?page=3", "http://f.example/topic/5/"),
        (
            "http://f.example/topic/private/7/num%C3%A9ros/",
            "http://f.example/topic/private/7/",
        ),
    ],
)
def test_every_link_to_a_topic_leads_to_it(address: str, topic: str) -> None:
    link = Spirit().locate(address)
    assert link is not None
    assert link.location == topic
    assert any(pattern.fullmatch(address.partition(".example")[2].partition("?")[0])
               for pattern in Spirit.reads)  # fmt: skip


def test_other_pages_are_no_topic() -> None:
    assert Spirit().locate("http://f.example/user/5/someone/") is None
    assert Spirit().locate("http://f.example/topic/5/a/b/") is None
