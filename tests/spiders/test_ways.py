"""Which links of an unknown site are threads, pages of this one, other views, or nobody's posts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.pages import Page, Reading
from spiders.generic import Generic

AT = datetime(2026, 11, 24, tzinfo=UTC)


def read(address: str, body: str) -> Reading:
    page = f"<html><body>{body}</body></html>".encode()
    return Generic().read(Page(f"http://f.example{address}", page, fetched_at=AT))


def followed(address: str, *hrefs: str) -> list[str]:
    rows = "".join(f"<li><a href='{href}'>Un sujet comme un autre</a> 3</li>" for href in hrefs)
    found = read(address, f"<ul><li><a href='/t/1'>Un premier sujet</a> 2</li>{rows}</ul>")
    return [link.location.removeprefix("http://f.example") for link in found.links][1:]


@pytest.mark.parametrize(
    "href", ["/p/31", "/p/2050", "/?p=12", "/2026/11/", "/docs/5", "/show.php?id=4"]
)
def test_what_may_hold_posts_is_followed(href: str) -> None:
    assert followed("/", href) == [href]


@pytest.mark.parametrize(
    "href",
    ["/2026/12/", "/2027/01/03/", "/members/", "/u/ana", "/login.php", "/search?q=x", "/a/a/a/a",
     "/t/5?action=delete", "/x?act=markall", "/show.php?id=4&diff=3", "/archive/index.php?t-4.html",
     "http://other.example/t/5", "/style.css", "/w/Page?action=history", "/faq"],
)  # fmt: skip
def test_what_holds_nobodys_posts_is_not(href: str) -> None:
    assert followed("/", href) == []


@pytest.mark.parametrize(
    "href",
    ["/t/1?sort=asc", "/t/1?sid=0f0e", "/t/1?page=2", "/t/1?hilit=mot", "/list?sort=name",
     "/list?page=3", "/list?order=up&dir=1"],
)  # fmt: skip
def test_views_and_pages_are_no_threads_of_their_own(href: str) -> None:
    assert followed("/list", href) == []


def test_a_post_of_a_listed_thread_is_no_other_thread() -> None:
    assert followed("/f.php?id=2", "/s.php?tid=4", "/s.php?tid=4&pid=9") == ["/s.php?tid=4"]
    assert followed("/f.php?id=2", "/s.php?tid=4&action=lastpost") == []


def test_a_page_without_a_body_tag_is_read_whole() -> None:
    rows = "".join(f"<li><a href='/p/{n}a'>Note {n} du tableau</a></li>" for n in range(4))
    pages = (
        f"<!doctype html><title>Notes</title><main><ul>{rows}</ul></main>",
        f"<!doctype html><title>Notes</title><section><ul>{rows}</ul></section><p>la fin",
    )
    for page in pages:
        assert len(Generic().read(Page("http://f.example/", page.encode())).links) == 4


POST = "<div class=post id=p{0}>Un texte assez long pour un message numéro {0}.</div>"
POSTS = POST.format(1) + POST.format(2)


@pytest.mark.parametrize(
    ("address", "pager", "following"),
    [
        ("/t/5", "<a href='?page=2'><i class=icon-right></i></a> <a href='?page=9'>Last</a>",
         "/t/5?page=2"),
        ("/t/5?page=2", "<a href='?page=1'>1</a> 2 <a href='?page=3'>3</a>", "/t/5?page=3"),
        ("/t/5?page=9", "<a href='?page=1'>1</a> <a href='?page=8'>8</a> 9", ""),
        ("/t.php?id=5", "<a href='t.php?id=5&st=20'>2</a><a href='t.php?id=5&st=40'>3</a>",
         "/t.php?id=5&st=20"),
        ("/t.php?id=5&st=20", "<a href='t.php?id=5'>1</a><a href='t.php?id=5&st=40'>3</a>",
         "/t.php?id=5&st=40"),
        ("/b/", "[<a href='/b/index.html'>1</a>] [<a href='/b/2.html'>2</a>]", "/b/2.html"),
        ("/t-5-p2.html", "<a href='/t-5.html'>1</a> <a href='/t-5-p3.html'>3</a>", "/t-5-p3.html"),
        ("/t/5", "<a href='/t/6'>Next ›</a>", "/t/6"),
        ("/t/5", "<a href='/t/5/delete?page=2'>2</a>", ""),
        ("/t/5", "<ul><li><a href='/t/8?page=2'>2</a></li></ul>", ""),
    ],
)  # fmt: skip
def test_the_next_page_of_a_thread(address: str, pager: str, following: str) -> None:
    found = read(address, POSTS + f"<div class=pager>{pager}</div>")
    assert len(found.posts) == 2
    assert found.next_page.removeprefix("http://f.example") == following
