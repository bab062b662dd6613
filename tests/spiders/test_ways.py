"""Which links of an unknown site are threads, pages of this one, other views, or nobody's posts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from lxml.html import fromstring  # type: ignore[import-untyped]
from parsel import Selector

from crawler.pages import Page, Reading
from spiders.disguised import refreshed
from spiders.generic import Generic
from spiders.paging import _counts_pages
from spiders.structure import steady

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


def state(cells: str) -> str:
    """What a row tells in a list of others."""
    head = "<tr><th>Thema</th><th>Antworten</th><th>Aufrufe</th><th>Zuletzt</th></tr>"
    rows = "".join(
        f"<tr><td><a href='/t/{n}'>Ein Thema</a></td><td>1</td><td>9</td><td>heute</td></tr>"
        for n in range(5)
    )
    row = f"<tr><td><a href='/t/9'>Ein Thema</a></td>{cells}</tr>"
    found = {
        link.location[-1]: link for link in read("/", f"<table>{head}{rows}{row}</table>").links
    }
    assert found["9"].state
    return found["9"].state


@pytest.mark.parametrize(
    ("before", "after"),
    [("vor 5 Minuten", "vor 6 Minuten"), ("hace 2 horas", "hace 3 horas"), ("hoy", "ayer"),
     ("5 минут назад", "2 дня назад"), ("сегодня, 12:30", "вчера, 12:30"), ("1 uur", "1 dag"),
     ("il y a 3 jours", "il y a 1 mois"), ("12 просмотров", "13 просмотров"),
     ("há 2 dias", "há 3 dias"), ("1 234 vues", "1 301 vues"), ("3.1k views", "3.2k views"),
     ("24.4 minutes ago", "1.3 hours ago"), ("1 1/2 hours ago", "2 hours ago")],
)  # fmt: skip
def test_a_row_is_the_same_whatever_the_clock_and_readers_say(before: str, after: str) -> None:
    assert state(f"<td>4</td><td>7</td><td>{before}</td>") == state(
        f"<td>4</td><td>8</td><td>{after}</td>"
    )


def test_a_row_with_another_reply_is_another() -> None:
    assert state("<td>4</td><td>7</td><td>heute</td>") != state(
        "<td>5</td><td>7</td><td>heute</td>"
    )


def test_a_row_holds_all_its_boxes() -> None:
    rows = "".join(
        f"<div class=r><div><table><tr><td><a href='/t/{n}'>Titre</a> le 3/11/2026</td></tr>"
        "</table></div>"
        f"<div>{n} réponses</div></div>"
        for n in (1, 2, 3)
    )
    more = rows.replace("3 réponses", "4 réponses")
    first, second = (read("/", f"<div>{one}</div>").links for one in (rows, more))
    assert [a.state == b.state for a, b in zip(first, second, strict=True)] == [True, True, False]


@pytest.mark.parametrize(
    "words", ["Следующая", "Nächste Seite", "Página siguiente", "Volgende", "Dalej", "»", "Avanti"]
)
def test_the_next_page_is_known_by_its_word(words: str) -> None:
    rows = "".join(f"<li><a href='/t/{n}'>Un sujet</a> {n}</li>" for n in range(4))
    found = read("/liste", f"<ul>{rows}</ul><a href='/liste?ab=x9'>{words}</a>")
    assert found.next_page == "http://f.example/liste?ab=x9"


def test_the_thread_beside_this_one_is_no_page_of_it() -> None:
    posts = "".join(
        f"<div class=post id=p{n}>Un message assez long pour en être un</div>" for n in (1, 2)
    )
    neighbour = "<a href='/t/6'>older</a> <a href='/t/6'>Un autre sujet</a>"
    assert read("/t/5", f"{posts}{neighbour}").next_page == ""
    assert read("/t/5", f"{posts}<a href='/t/5?c=x9'>older</a>").next_page != ""


def test_posts_with_a_link_behind_their_words_are_no_rows() -> None:
    posts = "".join(
        f"<div class=post><p>Un message qui dit quelque chose d'assez long {n}</p>"
        f"<a href='/t/{n}'>voir</a></div>"
        for n in range(4)
    )
    found = read("/t/90", posts)
    assert not found.is_list
    assert len(found.posts) == 4


def test_numbered_lines_are_one_text() -> None:
    lines = "".join(
        f"<tr id=L{n}><td>{n}</td><td>une ligne de code {n}</td></tr>" for n in range(9)
    )
    assert len(read("/p/5", f"<table>{lines}</table>").posts) == 1


def test_a_page_that_waits_for_a_script_is_to_be_rendered() -> None:
    text = "<p>Le premier message d'un fil, le reste vient après.</p>"
    assert read("/t/5", f"{text}<img class=ajaxloader src=x.gif alt=''>").render
    assert not read("/t/5", text).render


def test_the_view_without_scripts_is_read_instead() -> None:
    text = "<p>Le premier message d'un fil, le reste vient après.</p>"
    offer = "<noscript><a href='/t/5?plain'>version simple</a></noscript>"
    assert read("/t/5", f"{text}{offer}").instead == "http://f.example/t/5?plain"
    assert read("/t/5?plain", f"{text}{offer}").instead == ""


def test_the_address_of_an_author_is_not_that_of_a_post() -> None:
    posts = "".join(
        f"<div class=post id=p{n}><a href='/users/{n}/ana'>12</a> <p>Un message assez long {n}</p>"
        "</div>"
        for n in (1, 2)
    )
    found = read("/t/5", posts)
    assert [post.location for post in found.posts] == [
        "http://f.example/t/5#p1",
        "http://f.example/t/5#p2",
    ]


def told(told: object) -> Reading:
    page = Page("http://f.example/x.json", json.dumps(told).encode(), "application/json")
    return Generic().read(page)


def test_a_file_of_records_is_read_whole_whatever_its_fields_are_called() -> None:
    record = {"name": "Un Deux", "url": "/p/1", "message": "une remarque " * 9, "tags": ["abc"]}
    records = told([{**record, "url": f"/p/{n}", "id": n} for n in range(200)])
    assert any(post.body for post in records.posts)
    briefly = told(
        [{"name": "Un Deux", "mail": "un@deux.example" * 5, "url": f"/{n}"} for n in range(9)]
    )
    assert any(post.body for post in briefly.posts)


def test_what_a_button_brings_is_read_by_its_parts() -> None:
    found = told(
        {"items": [{"id": 7, "text": "un message " * 9, "tags": ["abc"]}], "next": "/x?page=2"}
    )
    assert [(post.location, "abc" in post.html) for post in found.posts] == [
        ("http://f.example/x.json#7", True)
    ]
    assert found.next_page == "http://f.example/x?page=2"
    rows = told({"items": [{"title": "Un sujet", "url": "/s/1"}], "next_cursor": "k"})
    assert [link.location for link in rows.links] == ["http://f.example/s/1"]
    assert not rows.posts


def test_posts_keep_their_name_with_what_stands_around_them() -> None:
    posts = "".join(
        f"<div><p>le {n} mai</p><div class=email>Un message assez long pour en être un {n}</div>"
        "</div>"
        for n in range(4)
    )
    found = read("/t/5", f"<main><h1>Fil</h1><section>{posts}</section></main>").posts
    assert ["mai" in post.html for post in found] == [True] * 4


def test_a_row_says_the_same_in_the_list_of_all_and_in_that_of_its_board() -> None:
    def rows(board: str) -> str:
        return "".join(
            f"<li><a href='/t/{n}'>Sujet {n}</a> par ana, {n} réponses {board}</li>"
            for n in range(6)
        )

    everywhere = read("/", f"<ul>{rows('''<a href='/c/1'>(Accueil)</a>''')}</ul>")
    there = read("/c/1", f"<ul>{rows('''<a href='/c/1'>(Accueil)</a>''')}</ul>")
    told = {link.location: link.state for link in everywhere.links}
    assert len(there.links) == 6
    assert all(told[link.location] == link.state for link in there.links)


def test_orders_that_stand_in_a_path_are_views_too() -> None:
    rows = "".join(f"<li><a href='/q/{n}'>Une question</a> {n} réponses</li>" for n in range(5))
    orders = "".join(f"<a href='/all/sort:{one}/page:1/'>{one}</a>" for one in ("age", "votes"))
    found = read("/all/sort:age/page:1/", f"{orders}<ul>{rows}</ul><a href='/all/page:2/'>2</a>")
    assert [link.location for link in found.links if "/all" in link.location] == []
    assert found.next_page == "http://f.example/all/page:2/"


def sent_on(content: str) -> str:
    return refreshed(Selector(f'<meta http-equiv="Refresh" content="{content}">'))


@pytest.mark.parametrize(
    "content",
    ["0;url=/t/5", " 0 ; URL = '/t/5' ", "3, url=/t/5\n", "url=/t/5", "0 url=/t/5", "1.5;url=/t/5"],
)
def test_a_refresh_tells_where_to(content: str) -> None:
    assert sent_on(content) == "/t/5"


@pytest.mark.parametrize("content", ["5", "", "0;url=", "0;/t/5", "soon;url=/t/5", "0;url=/t\n/5"])
def test_a_refresh_of_the_page_itself_leads_nowhere(content: str) -> None:
    assert sent_on(content) == ""


@pytest.mark.timeout(20)
def test_a_refresh_of_blanks_takes_no_time() -> None:
    """Three runs of blanks that could be shared out in any way took minutes (hostile input 12)."""
    assert sent_on("1" + "\t" * 1_000_000 + "x") == ""
    assert sent_on("1;url=" + "a" + " " * 1_000_000 + "b") == ""


@pytest.mark.timeout(20)
def test_a_robots_file_of_empty_lines_takes_no_time() -> None:
    body = b"\n" * 1_000_000 + b"User-agent: *\n \tSitemap:  /map.xml\r\nsitemap:\n"
    page = Page("http://f.example/robots.txt", body, content_type="text/plain", fetched_at=AT)
    found = Generic().read(page)
    assert found.lists == ("http://f.example/map.xml",)


def test_the_hour_and_the_visitors_are_no_change() -> None:
    page = fromstring("<div>Registre, 14:25, 1,234 guests online, 3 members, 12 posts</div>")
    assert steady(page) == "Registre, , online, , 12 posts"


# A pattern that tries each of so many beginnings against the rest would take an hour.
@pytest.mark.timeout(60)
@pytest.mark.parametrize("digits", ["1", "1,", "1 ", "1.,", "01 2,"])
def test_a_page_of_digits_takes_no_time(digits: str) -> None:
    page = fromstring(f"<div>{digits * 40_000}x</div>")
    assert steady(page).endswith("x")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("letters", ["-", "a-", "a", "a/", "page="])
def test_an_address_of_one_word_takes_no_time(letters: str) -> None:
    assert not _counts_pages(letters * 100_000 + "!#")


def test_the_number_of_a_page_is_named_so() -> None:
    named = ["/thread?page=#", "/thread/page-#", "/forum/page/#", "/t?p=#"]
    others = ["/thread?id=#", "/thread-#", "#", "=#", "/report_page_of_#"]
    assert all(map(_counts_pages, named))
    assert not any(map(_counts_pages, others))
