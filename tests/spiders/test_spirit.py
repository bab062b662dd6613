"""Spirit's addresses, where a title with accents is percent-encoded, and its ages of comments."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from capture.addresses import mask_address
from crawler.pages import Page
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


COMMENT = """<div class="comments_list"><div class="js-comment" data-number="2" data-pk="71">
<ul class="comment__info__date">{edited}<li title="{title}">{ago}</li></ul>
<div class="comment__text">un mot</div></div></div>"""
EDITED = '<li><a href="/comment/history/71/detail/">2</a></li>'


def comment(ago: str, title: str = "", edited: str = "") -> Page:
    body = COMMENT.format(ago=ago, title=title, edited=edited).encode()
    fetched_at = datetime(2026, 11, 24, 12, 30, 15, tzinfo=UTC)
    return Page("http://f.example/topic/5/a/?page=3", body, fetched_at=fetched_at)


@pytest.mark.parametrize(
    ("ago", "title", "posted_at"),
    [
        ("now", "", "2026-11-24T12:30:14Z"),
        ("9s", "Nov. 24, 2026, 12:30 p.m.", "2026-11-24T12:30:05Z"),
        ("4m", "", "2026-11-24T12:25:15Z"),
        ("3h", "", "2026-11-24T08:30:15Z"),
        # Three and a half hours ago, seen from Paris, from New York and in French.
        ("3h", "Nov. 24, 2026, 9:58 a.m.", "2026-11-24T08:58:00Z"),
        ("3h", "Nov. 24, 2026, 3:58 a.m.", "2026-11-24T08:58:00Z"),
        ("3h", "24 novembre 2026 09:58", "2026-11-24T08:58:00Z"),
        ("3h", "Nov. 24, 2026, 10 a.m.", "2026-11-24T09:00:00Z"),
        ("24 Nov", "Nov. 24, 2026, 10 a.m.", ""),
        ("Jean Dupont", "", ""),
    ],
)
def test_an_age_becomes_a_time(ago: str, title: str, posted_at: str) -> None:
    for edited in ("", EDITED):
        (post,) = Spirit().read(comment(ago, title, edited)).posts
        assert post.posted_at == posted_at


def test_both_addresses_of_a_comment_stay_readable() -> None:
    (post,) = Spirit().read(comment("now")).posts
    shown = [mask_address(one, post.frame_ids) for one in (post.location, *post.also)]
    assert shown == ["http://f.example/comment/71/find/", "http://f.example/topic/5/?page=3#c2"]
