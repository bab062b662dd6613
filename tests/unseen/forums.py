"""Forums: threads, replies, pages of both, and links that change something."""

from __future__ import annotations

from tests.unseen.serving import Answer, World, lines

PER_LIST, PER_THREAD = 12, 5


class Threads(World):
    """Boards of threads of posts, as data: `boards[b]` holds threads, a thread its texts."""

    def __init__(self, boards: int = 2, threads: int = 15) -> None:
        super().__init__()
        self.boards = [
            [
                [self.plant(f"{b}.{t}.{p}") for p in range(13 if t == 1 else 1 + t % 3)]
                for t in range(threads)
            ]
            for b in range(boards)
        ]
        self.threads = [(b, t) for b in range(boards) for t in range(threads)]

    def thread(self, number: int) -> list[str]:
        """A thread by its number over all boards."""
        b, t = self.threads[number]
        return self.boards[b][t]

    def number(self, b: int, t: int) -> int:
        """The inverse of `thread`."""
        return self.threads.index((b, t))


def pages(count: int, per: int) -> int:
    return max(1, -(-count // per))


class Tables1999(Threads):
    """Nested tables and fonts, one script, ";" between parameters, session ids, a calendar."""

    parted = True

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """Everything is board.cgi."""
        if path == "/":
            return self._page(self._index())
        if path != "/board.cgi":
            return None
        act, at = query.get("act", ""), int(query.get("st", "0") or 0)
        if act in ("del", "markall", "report"):
            self.changes(act)
        if act == "cal":
            month = int(query.get("m", "0"))
            return self._page(f"<a href='board.cgi?act=cal;m={month + 1}'>mois suivant</a> rien")
        if "t" in query and query["t"].isdigit():
            return self._page(self._topic(int(query["t"]), at, act))
        if "b" in query:
            return self._page(self._board(int(query["b"]), at))
        return self._page(self._index())

    def _page(self, body: str) -> Answer:
        return Answer(
            "<html><head><title>Le forum</title></head><body bgcolor=#ffffff><table width=100%>"
            "<tr><td><a href='/'>Accueil</a> | <a href='board.cgi?act=cal;m=1'>Calendrier</a> | "
            "<a href='board.cgi?act=markall;s=0f0e0d0c0b0a09080706050403020100'>Tout marquer comme "
            f"lu</a></td></tr><tr><td>{body}</td></tr></table></body></html>"
        )

    def _index(self) -> str:
        rows = "".join(
            f"<tr><td><a href='board.cgi?b={b};s=0f0e0d0c0b0a0908070605040302010{b}'><b>Salon {b}"
            f"</b></a></td><td>{len(threads)}</td></tr>"
            for b, threads in enumerate(self.boards)
        )
        return f"<table border=1><tr><th>Salon</th><th>Sujets</th></tr>{rows}</table>"

    def _board(self, b: int, at: int) -> str:
        threads = self.boards[b]
        rows = "".join(
            f"<tr bgcolor=#eeeeee><td><a href='board.cgi?t={self.number(b, t)}'>Sujet {b}-{t}</a>"
            f"</td><td>auteur</td><td>{len(threads[t]) - 1}</td><td>{90 + t}</td></tr>"
            for t in range(at, min(at + PER_LIST, len(threads)))
        )
        links = " ".join(
            f"<a href='board.cgi?b={b};st={n * PER_LIST}'>{n + 1}</a>"
            for n in range(pages(len(threads), PER_LIST))
        )
        sorts = "".join(f"<a href='board.cgi?b={b};sort={s}'>{s}</a> " for s in ("nom", "date"))
        return (
            f"<table border=1><tr><th>Sujet</th><th>Auteur</th><th>Réponses</th><th>Vues</th></tr>"
            f"{rows}</table><font size=1>Pages: {links} Trier: {sorts}</font>"
        )

    def _topic(self, t: int, at: int, act: str) -> str:
        texts = self.thread(t)
        shown = texts if act == "print" else texts[at : at + PER_THREAD]
        posts = "".join(
            f"<table width=95% border=1><tr><td width=120><b>auteur</b><br><a name=m{at + n}></a>"
            f"</td><td><font size=2>{lines(text)}</font><hr><a href='board.cgi?act=del;t={t};m={n}'>"
            f"Effacer</a> <a href='board.cgi?act=report;m={n}'>Signaler</a></td></tr></table>"
            for n, text in enumerate(shown)
        )
        links = " ".join(
            f"<a href='board.cgi?t={t};st={n * PER_THREAD}'>{n + 1}</a>"
            for n in range(pages(len(texts), PER_THREAD))
        )
        printed = f"<a href='board.cgi?t={t};act=print'>Version imprimable</a>"
        return f"<font size=4>Sujet {t}</font> {printed}<br>{posts}<center>{links}</center>"


class Cards(Threads):
    """Divisions with made-up class names, relative times, "Older" at the end, votes by GET."""

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/ and /c/N list, /d/N-words reads."""
        parts = path.strip("/").split("/")
        at = int(query.get("page", "1") or 1)
        if parts[0] == "vote":
            self.changes(path)
            return Answer("ok")
        if parts == [""]:
            return self._list(list(range(len(self.threads))), at, "/")
        if parts[0] == "c" and len(parts) == 2:
            mine = [i for i, (b, _) in enumerate(self.threads) if str(b) == parts[1]]
            return self._list(mine, at, path)
        if parts[0] == "d" and len(parts) == 2:
            return self._thread(int(parts[1].split("-")[0]), at)
        return None

    def _frame(self, body: str) -> Answer:
        return Answer(
            "<!doctype html><html><body><div class='_nav9'><a href='/'>Home</a><a href='/c/0'>One"
            "</a><a href='/c/1'>Two</a><a href='/login'>Log in</a><a href='/u/ana'>ana</a></div>"
            f"<div class='_root1'>{body}</div><div class='foot2'><a href='/about'>About</a></div>"
            "</body></html>"
        )

    def _list(self, numbers: list[int], at: int, base: str) -> Answer:
        shown = numbers[(at - 1) * PER_LIST : at * PER_LIST]
        cards = "".join(
            f"<div class='_card7'><div class='_v3'><a href='/vote/{n}?dir=up'>▲</a> {n + 3}</div>"
            f"<a class='_t2' href='/d/{n}-un-sujet-{n}'>Un sujet numéro {n}</a>"
            f"<div class='_m1'><a href='/u/ana'>ana</a> · {n % 50 + 1}m ago · "
            f"{len(self.thread(n)) - 1} comments</div></div>"
            for n in shown
        )
        older = (
            f"<a class='_b5' href='{base}?page={at + 1}'>Older</a>"
            if at * PER_LIST < len(numbers)
            else ""
        )
        tabs = f"<a href='{base}?sort=top'>Top</a> <a href='{base}?sort=new'>New</a>"
        return self._frame(f"<div>{tabs}</div>{cards}{older}")

    def _thread(self, n: int, at: int) -> Answer:
        texts = self.thread(n)
        posts = "".join(
            f"<div class='_p4' id='k{(at - 1) * PER_THREAD + i}'><div class='_m1'><a href='/u/ana'>"
            f"ana</a> 3h ago</div><div class='_x8'>{lines(text)}</div>"
            f"<a href='/vote/{n}/{i}?dir=up'>▲</a></div>"
            for i, text in enumerate(texts[(at - 1) * PER_THREAD : at * PER_THREAD])
        )
        more = at * PER_THREAD < len(texts)
        following = f"<a href='/d/{n}-un-sujet-{n}?page={at + 1}'>Next ›</a>" if more else ""
        return self._frame(f"<h1>Un sujet numéro {n}</h1>{posts}{following}")


class Imageboard(Threads):
    """An index of threads with their last replies, pages 2.html, and one page a thread."""

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/b/, /b/2.html, /b/res/N.html; a catalog that repeats it all."""
        del query
        if path == "/":
            return Answer("<h1>Tableaux</h1><ul><li><a href='/b/'>/b/ - Divers</a></li></ul>")
        name = path.removeprefix("/b/")
        if name in ("", "index.html"):
            return self._index(1)
        if name == "catalog.html":
            tiles = "".join(
                f"<div class=tile><a href='/b/res/{n + 100}.html'><img src='/b/t/{n}.jpg'></a></div>"
                for n in range(len(self.threads))
            )
            return Answer(f"<body>{tiles}</body>")
        if name.startswith("res/"):
            number = name.removeprefix("res/").removesuffix(".html")
            return self._thread(int(number) - 100) if number.isdigit() else None
        number = name.removesuffix(".html")
        return self._index(int(number)) if number.isdigit() else None

    def _post(self, thread: int, n: int, text: str) -> str:
        kind = "op" if n == 0 else "reply"
        own = thread * 100 + n
        return (
            f"<div class='post {kind}' id='p{own}'><p class=intro><span class=name>Anonyme</span> "
            f"<a href='/b/res/{thread + 100}.html#{own}'>No.{own}</a></p>"
            f"<div class=body>{lines(text)}</div></div>"
        )

    def _index(self, at: int) -> Answer:
        shown = range((at - 1) * PER_LIST, min(at * PER_LIST, len(self.threads)))
        parts = []
        for n in shown:
            texts = self.thread(n)
            last = "".join(self._post(n, len(texts) - 1, texts[-1]) if len(texts) > 1 else "")
            parts.append(
                f"<div class=thread>{self._post(n, 0, texts[0])}<a href='/b/res/{n + 100}.html'>"
                f"[Répondre]</a>{last}</div><hr>"
            )
        links = "".join(
            f"[<a href='/b/{i if i > 1 else 'index'}.html'>{i}</a>]"
            for i in range(1, pages(len(self.threads), PER_LIST) + 1)
        )
        return Answer(f"<body>{''.join(parts)}<div class=pages>{links} "
                      "<a href='/b/catalog.html'>Catalog</a></div></body>")  # fmt: skip

    def _thread(self, n: int) -> Answer:
        posts = "".join(self._post(n, i, text) for i, text in enumerate(self.thread(n)))
        return Answer(f"<body><a href='/b/'>[Retour]</a><div class=thread>{posts}</div></body>")


class Questions(Threads):
    """Questions with answers and comments, votes and flags by GET, tabs that sort."""

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/questions lists, /questions/N/words reads."""
        parts = path.strip("/").split("/")
        if "vote" in parts or "flag" in parts:
            self.changes(path)
            return Answer("ok")
        at = int(query.get("page", "1") or 1)
        if parts in ([""], ["questions"]):
            return self._list(at, query.get("tab", ""))
        if parts[0] == "questions" and parts[1].isdigit():
            return self._question(int(parts[1]))
        return None

    def _list(self, at: int, tab: str) -> Answer:
        shown = range((at - 1) * PER_LIST, min(at * PER_LIST, len(self.threads)))
        rows = "".join(
            f"<div class='question-summary'><div class='stats'><span>{n} votes</span> "
            f"<span>{len(self.thread(n)) - 1} answers</span></div><h3><a href='/questions/{n}/mots'>"
            f"Comment faire {n} ?</a></h3><div class='tags'><a href='/tagged/x'>x</a></div></div>"
            for n in shown
        )
        tabs = "".join(
            f"<a href='/questions?tab={t}'>{t}</a>" for t in ("newest", "active", "votes")
        )
        numbers = "".join(
            f"<a href='/questions?tab={tab or 'newest'}&page={i}'>{i}</a>"
            for i in range(1, pages(len(self.threads), PER_LIST) + 1)
        )
        return Answer(
            f"<body><div class=tabs>{tabs}</div>{rows}<div class=pager>{numbers}</div></body>"
        )

    def _question(self, n: int) -> Answer:
        texts = self.thread(n)
        answers = "".join(
            f"<div class='answer' id='answer-{n}{i}'><div class='votecell'><a href='/posts/{n}{i}/vote/"
            f"up'>up</a></div><div class='post-text'><p>{lines(text)}</p></div><a href='/posts/{n}{i}/"
            f"flag'>flag</a><a href='/a/{n}{i}'>share</a></div>"
            for i, text in enumerate(texts[1:], start=1)
        )
        return Answer(
            f"<body><h1><a href='/questions/{n}/mots'>Comment faire {n} ?</a></h1><div class='question'"
            f" id='question'><div class='post-text'><p>{lines(texts[0])}</p></div></div><h2>"
            f"{len(texts) - 1} Answers</h2>{answers}<div id=related><h4>Related</h4>"
            f"<a href='/questions/{(n + 1) % 30}/mots'>Comment faire {(n + 1) % 30} ?</a></div></body>"
        )


class Bulletin(World):
    """Whole messages in articles without addresses of their own, pages by ?p=."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = [self.plant(str(n)) for n in range(25)]

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """One list."""
        if path != "/":
            return None
        at = int(query.get("p", "1") or 1)
        shown = self.texts[(at - 1) * 10 : at * 10]
        items = "".join(
            f"<article><header>Message de ana, le 2026-11-{n + 1:02d}</header><p>{lines(text)}</p>"
            "</article>"
            for n, text in enumerate(shown)
        )
        numbers = "".join(f"<li><a href='/?p={i}'>{i}</a></li>" for i in (1, 2, 3))
        return Answer(f"<body><h1>Babillard</h1><main>{items}</main><ul>{numbers}</ul></body>")
