"""Boards whose pages are built as much software builds them today: rows of boxes, inner tables,
hidden dialogues, side bars, addresses of single posts, views that count our own visits."""

from __future__ import annotations

from tests.unseen.forums import PER_LIST, PER_THREAD, Threads, pages
from tests.unseen.serving import Answer, lines


class Grid(Threads):
    """Rows of boxes under headings that are boxes, the title in a table of its own; dialogues that
    are hidden; every post has an address that redirects into its thread."""

    parted = True
    again = 5

    def __init__(self) -> None:
        super().__init__()
        self.views = dict.fromkeys(range(len(self.threads)), 0)

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/, /forum/N, /topic/N-words, /post/ID."""
        parts = path.strip("/").split("/")
        at = int(query.get("page", "1") or 1)
        number = parts[-1].split("-")[0]
        if parts == [""]:
            rows = "".join(
                f"<div class=row><div class=col-8><a href='/forum/{b}'>Salon {b}</a></div>"
                f"<div class=col-1>{len(one)}</div></div>"
                for b, one in enumerate(self.boards)
            )
            return self._page(f"<div class=card>{rows}</div>")
        if not number.isdigit():
            return None
        if parts[0] == "forum":
            return self._forum(int(number), at)
        if parts[0] == "topic":
            return self._topic(int(number), at)
        if parts[0] == "post":
            thread, place = divmod(int(number), 100)
            page = place // PER_THREAD + 1
            return Answer("", status=302, where=f"/topic/{thread}-sujet?page={page}#{number}")
        return None

    def _page(self, body: str) -> Answer:
        dialogue = "".join(
            f"<div class='modal fade'><div class=modal-content>Voulez-vous vraiment le faire ? {n} "
            "Cette action est sans retour, réfléchissez bien avant de continuer.</div></div>"
            for n in range(4)
        )
        return Answer(
            f"<body><nav class=navbar><a href='/'>Forum</a> <a href='/auth/login'>Connexion</a></nav>"
            f"<div class=container>{body}</div>{dialogue}<footer>pied de page</footer></body>"
        )

    def _forum(self, b: int, at: int) -> Answer:
        threads = self.boards[b]
        rows = ""
        for t in range((at - 1) * PER_LIST, min(at * PER_LIST, len(threads))):
            n, last = self.number(b, t), len(threads[t]) - 1
            rows += (
                "<div class='row border'><div class=col-8><table><tr><td><i class=icon></i></td><td>"
                f"<a href='/topic/{n}-sujet'>Sujet {n}</a> par ana le 3 novembre 2026 13:33</td></tr></table>"
                f"</div><div class=col-1>{last}</div><div class=col-1>{self.views[n]}</div>"
                f"<div class=col-2><a href='/post/{n * 100 + last}'>Nov 28, 2026, 7:34:58 PM UTC</a></div></div>"
            )
        heads = "".join(
            f"<div class=c>{one}</div>" for one in ("Sujets", "Réponses", "Vues", "Dernier")
        )
        older = (
            f"<a href='/forum/{b}?page={at + 1}'>{at + 1}</a>"
            if at * PER_LIST < len(threads)
            else ""
        )
        return self._page(
            f"<div class=card><div class=row>{heads}</div>{rows}</div><p>1 {older}</p>"
        )

    def _topic(self, n: int, at: int) -> Answer:
        self.views[n] += 1
        texts = self.thread(n)
        posts = "".join(
            f"<div id='{n * 100 + i}' class='row post-row'><div class=author>ana <a href='/post/{n * 100 + i}'>"
            f"Nov 28, 2026, 7:34:58 PM UTC</a> <a href='/post/{n * 100 + i}'>#{i + 1}</a></div>"
            f"<div class=postContent>{lines(text)}</div></div>"
            for i, text in enumerate(texts)
            if (at - 1) * PER_THREAD <= i < at * PER_THREAD
        )
        count = pages(len(texts), PER_THREAD)
        pager = "".join(
            f"<a href='/topic/{n}-sujet?page={i}'>{i}</a> " for i in range(1, count + 1)
        )
        return self._page(f"<h1>Sujet {n}</h1>{posts}<div class=pagination>{pager}</div>")


class Anchored(Threads):
    """Posts as a box for the head and one for the text in a table's cell or an article, addresses
    of posts by their own number, last posts named by their time, a side bar, the neighbour threads
    named below, comments of which the latest page comes first."""

    parted = True
    again = 11

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/, /viewforum.php?id=&p=, /viewtopic.php?id=, /viewtopic.php?pid=, /suite/N/page-P/."""
        if path == "/":
            rows = "".join(
                f"<tr><td><h3><a href='viewforum.php?id={b}'>Salon {b}</a></h3></td><td>{len(one)}</td></tr>"
                for b, one in enumerate(self.boards)
            )
            return self._page(f"<table><tr><th>Forum</th><th>Sujets</th></tr>{rows}</table>")
        if path == "/viewforum.php":
            return self._forum(int(query["id"]), int(query.get("p", "1")))
        if path == "/viewtopic.php":
            number = int(query["pid"]) // 100 if "pid" in query else int(query["id"])
            return self._topic(number, pages(len(self.thread(number)), PER_THREAD))
        parts = path.strip("/").split("/")
        if parts[0] == "suite" and len(parts) == 3:
            return self._topic(int(parts[1]), int(parts[2].removeprefix("page-")))
        return None

    def _page(self, body: str) -> Answer:
        side = "".join(f"<li><a href='/viewtopic.php?id={n}'>Sujet {n}</a></li>" for n in range(3))
        return Answer(
            f"<body><div id=brd>{body}</div><aside class=sidebar><h2>Derniers messages du forum</h2><ul>"
            f"{side}</ul><p>Ce forum vit de ses membres, merci à tous ceux qui écrivent.</p></aside></body>"
        )

    def _forum(self, b: int, at: int) -> Answer:
        threads = self.boards[b]
        rows = ""
        for t in range((at - 1) * PER_LIST, min(at * PER_LIST, len(threads))):
            n, last = self.number(b, t), len(threads[t]) - 1
            rows += (
                f"<tr><td><div class=tclcon><div><a href='viewtopic.php?id={n}'>Sujet {n}</a> <span>par ana"
                f"</span></div></div></td><td>{last}</td><td><a href='viewtopic.php?pid={n * 100 + last}"
                f"#p{n * 100 + last}'>Hier 17:26:00</a> <span>par ana</span></td></tr>"
            )
        more = (
            f"<a href='viewforum.php?id={b}&amp;p=2'>2</a>" if at * PER_LIST < len(threads) else ""
        )
        return self._page(
            f"<table><tr><th>Sujet</th><th>Réponses</th><th>Dernier message</th></tr>{rows}</table>1 {more}"
        )

    def _topic(self, n: int, at: int) -> Answer:
        posts = "".join(
            f"<div id=p{n * 100 + i} class='blockpost odd'><h2><span>#{i + 1}</span> <a href='/viewtopic.php?pid="
            f"{n * 100 + i}#p{n * 100 + i}'>Hier 17:2{i % 10}:00</a></h2><div class=box><div class=postbody>"
            f"<a href='/members/ana'>ana</a><div class=postmsg>{lines(text)}</div></div></div></div>"
            for i, text in enumerate(self.thread(n))
            if (at - 1) * PER_THREAD <= i < at * PER_THREAD
        )
        older = (
            f"<div class=nav-previous><a href='/suite/{n}/page-{at - 1}/'>Older comments</a></div>"
            if at > 1
            else ""
        )
        beside = (
            f"<a rel=next href='/viewtopic.php?id={(n + 1) % 30}'>Next: Sujet {(n + 1) % 30}</a>"
        )
        return self._page(f"<article><h1>Sujet {n}</h1>{posts}{older}</article>{beside}")


class Tree(Threads):
    """The index shows all answers as a tree, each has a page; links that only change the view, and
    do so for good; behind true addresses a trap for robots; twenty remarks before every page."""

    again = 4

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/index.php?page=, ?id=; ?toggle_view=, ?fold_threads= change the view."""
        for name in ("toggle_view", "fold_threads", "refresh"):
            if name in query:
                self.changes(name)
        if path == "/trap":
            self.changes(path)
        if path not in ("/", "/index.php"):
            return None
        if "id" in query:
            n, place = divmod(int(query["id"]), 100)
            text = self.thread(n)[place]
            return self._page(
                f"<h1>Sujet {n}.{place}</h1><p class=author>par ana, le 2026-11-20, 12:03</p><div>{lines(text)}"
                f"</div><ul class=thread><li><a data-href='index.php?id={n * 100}' href='/trap'>Sujet {n}.0"
                "</a></li></ul><a data-href='index.php' href='/trap'>Tous les sujets</a>"
            )
        at = int(query.get("page", "1") or 1)
        shown = range((at - 1) * PER_LIST, min(at * PER_LIST, len(self.threads)))
        trees = "".join(f"<ul class=thread>{self._entries(n, 0)}</ul>" for n in shown)
        more = at * PER_LIST < len(self.threads)
        arrow = f"<a href='index.php?mode=index&amp;page={at + 1}'><img src=r.svg alt='[&raquo;]' title='next page'></a>"
        return self._page(
            "<a href='index.php?toggle_view=1'>Table view</a> <a href='index.php?fold_threads=1'>Fold threads</a> "
            f"<a href='index.php?refresh=1&amp;category=0'>Refresh</a>{trees}{arrow if more else ''}"
        )

    def _entries(self, n: int, place: int) -> str:
        inner = self._entries(n, place + 1) if place + 1 < len(self.thread(n)) else ""
        return (
            f"<li><div class=entry><a data-href='index.php?id={n * 100 + place}' href='/trap'>Sujet {n}.{place}</a> "
            f"<span class=metadata>ana <time datetime='2026-11-20T12:03:00+00:00'>2026-11-20</time></span>"
            f"</div>{f'<ul>{inner}</ul>' if inner else ''}</li>"
        )

    def _page(self, body: str) -> Answer:
        remarks = "".join(f"<!-- partie {n} de la page -->\n" for n in range(20))
        return Answer(f"{remarks}<html><body>{body}</body></html>")
