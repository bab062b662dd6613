"""MyBB: forums, threads with pages, attachments; with and without search-engine friendly names.

A thread's state is its number of replies and who wrote last. A post's location is the thread's
address with the post's number; pages, modes, sorting, the printed and the archived view make no
other location.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from parsel import Selector

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import boards

PAGE = re.compile(r"(?:[?&]page=|-page-)(\d+)")
FRIENDLY = re.compile(
    r"^(.*/)(?:archive/index\.php/)?thread-(\d+)(?:-(?:(?:page|post|pid)-?\d+|[a-z]+))*\.html$"
)
SCRIPTS = ("/showthread.php", "/printthread.php")
ARCHIVE = re.compile(r"^(.*/)archive/index\.php$")
FORUM = re.compile(
    r"^(.*/(?:forumdisplay\.php\?(?=.*fid=)|forum-))(?:.*fid=)?(\d+)(?:-page-\d+)?(?:\.html|&|$)"
)


class MyBB(Site):
    """MyBB 1.8."""

    name = "mybb"

    def recognises(self, page: Page) -> int:
        """By its own scripts and the ids of its frame."""
        script = page.tree.css(
            "script[src*='jscripts/general.js'], script[src*='jscripts/jeditable']"
        )
        frame = page.tree.css(
            "#container #panel, #container #content, #copyright a[href*='mybb.com']"
        )
        return 90 if script and frame else 0

    def locate(self, address: str) -> Link | None:
        """A thread by its number, whatever page or view of it."""
        parts = addresses.parse(address)
        if parts is None:
            return None
        friendly = FRIENDLY.match(parts.path)
        if friendly:
            clean = parts._replace(path=f"{friendly[1]}thread-{friendly[2]}.html", query="")
            location = addresses.canonical(clean.geturl())
            return Link(location, location)
        archived = ARCHIVE.match(parts.path)
        thread = re.match(r"thread-(\d+)", parts.query) if archived else None
        number = thread[1] if thread else parse_qs(parts.query).get("tid", [""])[0]
        if not number.isdigit() or not (archived or parts.path.endswith(SCRIPTS)):
            return self._post_only(address)
        root = archived[1] if archived else parts.path.rsplit("/", 1)[0] + "/"
        clean = parts._replace(path=f"{root}showthread.php", query=f"tid={number}")
        location = addresses.canonical(clean.geturl())
        return Link(location, location)

    def _location(self, address: str) -> str:
        link = self.locate(address)
        return link.location if link else ""

    def _post_only(self, address: str) -> Link | None:
        """showthread.php?pid=N does not say which thread; it leads there all the same."""
        parts = addresses.parse(address)
        pid = parse_qs(parts.query).get("pid", [""])[0] if parts else ""
        if parts is None or not pid.isdigit() or not parts.path.endswith("/showthread.php"):
            return None
        location = addresses.canonical(parts._replace(query=f"pid={pid}").geturl())
        return Link(location, location)

    def read(self, page: Page) -> Reading:
        """A thread, a forum, or the board's index."""
        if page.tree.css("#posts .post .post_body"):
            return self._thread(page)
        links = [link for row in page.tree.css("tr") if (link := self._row(page, row))]
        hrefs = page.tree.css(
            "#content td strong > a::attr(href), #content .smalltext a::attr(href)"
        )
        own = _forum(page.address)
        lists = [one for h in hrefs.getall() if (one := _forum(page.join(h))) and one != own]
        if not links and not lists:
            if page.tree.css("input[type=password][name=pwverify]"):
                return Reading(gates=("password",))
            denied = page.tree.css(
                "#content a[href*='action=login'], #content input[type=password]"
            )
            return Reading(wall=bool(denied), is_list=not denied)
        around = boards.pager(page, _pages(page), PAGE, _forum, own)
        return Reading(
            links=tuple(links),
            lists=tuple(dict.fromkeys(lists)),
            next_page=around.following,
            is_list=True,
        )

    def _row(self, page: Page, row: Selector) -> Link | None:
        href = row.css("[id^=tid_] a::attr(href), a[id^=tid_]::attr(href)").get("")
        link = self.locate(page.join(href)) if href else None
        if link is None:
            return None
        replies = boards.words(row.css("a[href*='whoposted'], a[onclick*='whoPosted'], "
                                       "a[href*='whoPosted']")[:1])  # fmt: skip
        who = boards.words(row.css(".lastpost a:last-child"))
        return Link(link.address, link.location, state=f"replies:{replies}:{who}")

    def _thread(self, page: Page) -> Reading:
        found = page.tree.css("#posts .post[id^=post_]")
        own = boards.own_address(page, "link[rel=canonical]")
        link = self.locate(own) or self.locate(page.address)
        thread = link.location if link else addresses.canonical(page.address)
        board = page.tree.xpath("//*[@id='posts']/ancestor::table[1]")
        heading = board.css("td.thead div > strong")[-1:]
        title = boards.words(heading)
        around = boards.pager(page, _pages(page), PAGE, self._location, thread)
        first = not PAGE.search(page.address) and not around.previous
        posts = [
            self._post(page, post, thread, title, opens=first and number == 0)
            for number, post in enumerate(found)
        ]
        hrefs = found.css("a[href*='attachment.php?aid=']::attr(href), "
                          "img[src*='attachment.php?aid=']::attr(src)").getall()  # fmt: skip
        return Reading(
            posts=tuple(posts),
            links=boards.files(page, hrefs, thread, title),
            grows=True,
            next_page=around.following,
            previous_page=around.previous,
            last_page=around.last,
        )

    def _post(self, page: Page, post: Selector, thread: str, title: str, *, opens: bool) -> Post:
        key = post.attrib["id"].removeprefix("post_")
        href = post.css(".post_head a[href*='#pid']::attr(href)").get("")
        own = addresses.canonical(page.join(href)) if href else f"{thread}#pid{key}"
        return Post(
            own,
            html=post.css(".post_body").get(""),
            thread=thread,
            title=title,
            opens=opens,
            frame_ids=(key, *re.findall(r"\d+", thread.rpartition("/")[2])),
        )


def _forum(address: str) -> str:
    """A forum's first page, whatever page or order of it; "" for another address."""
    found = FORUM.match(addresses.canonical(address))
    if found is None or "action=" in address:
        return ""
    return f"{found[1]}fid={found[2]}" if "?" in found[1] else f"{found[1]}{found[2]}.html"


def _pages(page: Page) -> list[str]:
    return page.tree.css(".pagination a::attr(href)").getall()
