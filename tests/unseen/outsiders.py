"""Sites built as somebody would who wants to be read by people alone, or did not care."""

from __future__ import annotations

import json

from tests.unseen.forums import PER_LIST, PER_THREAD, Threads, pages
from tests.unseen.serving import Answer, World, lines

SESSION = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


class Cyrillic(Threads):
    """Windows-1251 that nobody told, views that our own visits raise, times that run by
    themselves, a session id in every address, offsets, a thread that always stands first."""

    parted = True
    again = 5

    def __init__(self) -> None:
        super().__init__()
        self.views = dict.fromkeys(range(len(self.threads)), 0)
        self.asked = 0

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/, /razdel.php?f=, /tema.php?t=."""
        self.asked += 1
        at = int(query.get("start", "0") or 0)
        if path == "/":
            rows = "".join(
                f"<tr><td><a href='razdel.php?f={b}&sid={SESSION}'>Раздел {b}</a><td>{len(one)}"
                for b, one in enumerate(self.boards)
            )
            return self._page(f"<table><tr><th>Разделы<th>Тем{rows}</table>")
        if path == "/razdel.php":
            return self._page(self._board(int(query["f"]), at))
        if path == "/tema.php" and query.get("t", "").isdigit():
            return self._page(self._topic(int(query["t"]), at))
        return None

    def _page(self, body: str) -> Answer:
        told = (
            f"<html><head><title>Форум</title></head><body><a href='/?sid={SESSION}'>Главная</a> <a href="
            f"'login.php?sid={SESSION}'>Вход</a>{body}<p>Сейчас на форуме: {self.asked} гостей</p></body>"
        )
        return Answer(told.encode("cp1251", "xmlcharrefreplace"), "text/html")

    def _pager(self, base: str, at: int, per: int, count: int) -> str:
        numbers = " ".join(
            f"<b>{n + 1}</b>" if n * per == at
            else f"<a href='{base}&start={n * per}&sid={SESSION}'>{n + 1}</a>"
            for n in range(pages(count, per))
        )  # fmt: skip
        more = f"<a href='{base}&start={at + per}'>Далее</a>" if at + per < count else ""
        return f"<div>Страницы: {numbers} {more}</div>"

    def _board(self, b: int, at: int) -> str:
        threads = self.boards[b]
        order = [len(threads) - 1, *range(len(threads) - 1)]
        rows = ""
        for t in order[at : at + PER_LIST]:
            n = self.number(b, t)
            rows += (
                f"<tr><td>{'Важно: ' if t == order[0] else ''}<a href='tema.php?t={n}&sid={SESSION}'>Тема "
                f"{n}</a><td>{len(threads[t]) - 1}<td>{self.views[n]}<td>{self.asked} минут назад "
                f"<a href='tema.php?t={n}&view=lastpost&sid={SESSION}'>&rarr;</a>"
            )
        return (
            f"<table><tr><th>Темы<th>Ответов<th>Просмотров<th>Последнее{rows}</table>"
            + self._pager(f"razdel.php?f={b}", at, PER_LIST, len(threads))
        )

    def _topic(self, n: int, at: int) -> str:
        self.views[n] += 1
        texts = self.thread(n)
        posts = "".join(
            f"<tr><td><a name=p{n}x{at + i}></a>автор<td>Сегодня, 12:{i:02d}<br>{lines(text)}"
            for i, text in enumerate(texts[at : at + PER_THREAD])
        )
        pager = self._pager(f"tema.php?t={n}", at, PER_THREAD, len(texts))
        return f"<h2>Тема {n}</h2><table>{posts}</table>{pager}"


class Arrows(Threads):
    """Everything relative to a base, further pages behind arrows that are pictures, a list of page
    numbers in a form, "last message" links that redirect into a thread, a notice about cookies."""

    parted = True
    again = 6

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/f/, /f/liste/N, /f/sujet/N?o=, /f/dernier/N."""
        if path == "/":
            return Answer("", status=302, where="/f/")
        parts = path.removeprefix("/f/").partition(";")[0].split("/")
        if parts == [""]:
            rows = "".join(f"<li><a href='liste/{b}'>Forum {b}</a></li>" for b in (0, 1))
            return self._page(f"<ul>{rows}</ul>")
        number = int(parts[-1]) if parts[-1].isdigit() else 0
        if parts[0] == "liste":
            return self._list(number, int(query.get("de", "0")))
        if parts[0] == "dernier":
            last = (len(self.thread(number)) - 1) // PER_THREAD * PER_THREAD
            return Answer("", status=302, where=f"/f/sujet/{number}" + f"?o={last}" * (last > 0))
        if parts[0] == "sujet" and number < len(self.threads):
            return self._thread(number, int(query.get("o", "0")))
        return None

    def _page(self, body: str) -> Answer:
        return Answer(
            f"<html><head><base href='/f/'></head><body><div class=cookie-banner>Nous utilisons des cookies "
            f"pour mesurer l'audience de ce forum. <a href='cookies'>En savoir plus</a></div>{body}</body>"
        )

    def _arrow(self, to: str, more: bool) -> str:
        if not more:
            return ""
        return (
            f"<a href='{to}'><img src='fleche.png' alt='page suivante' title='page suivante'></a>"
        )

    def _list(self, b: int, at: int) -> Answer:
        threads = self.boards[b]
        rows = "".join(
            f"<div class=ligne><a href='sujet/{self.number(b, t)};jsessionid={SESSION}'>Sujet {t}</a> "
            f"{len(threads[t]) - 1} réponses, le 3 nov. 2026 à 10 h 0{t % 10} "
            f"<a href='dernier/{self.number(b, t)}'>Dernier message</a></div>"
            for t in range(at, min(at + PER_LIST, len(threads)))
        )
        chosen = "".join(
            f"<option value={n * PER_LIST}>{n + 1}" for n in range(pages(len(threads), PER_LIST))
        )
        form = f"<form action='liste/{b}'><select name=de>{chosen}</select></form>"
        arrow = self._arrow(f"liste/{b}?de={at + PER_LIST}", at + PER_LIST < len(threads))
        return self._page(f"<h1>Forum {b}</h1>{rows}{form}{arrow}")

    def _thread(self, n: int, at: int) -> Answer:
        texts = self.thread(n)
        posts = "".join(
            f"<div class=bloc><p class=par>de ana, le 3 novembre 2026</p><p>{lines(text)}</p></div>"
            for text in texts[at : at + PER_THREAD]
        )
        arrow = self._arrow(f"sujet/{n}?o={at + PER_THREAD}", at + PER_THREAD < len(texts))
        return self._page(f"<h1>Sujet {n}</h1>{posts}{arrow}")


class LoadMore(Threads):
    """The first rows and posts in the page, the others behind buttons: as objects, as HTML in
    JSON, and as a bare fragment."""

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/, /more?after=, /s/N, /s/N/posts?offset=."""
        parts = path.strip("/").split("/")
        after = int(query.get("after", "0") or 0)
        if parts == [""]:
            rows = "".join(
                f"<li class=row><a href='/s/{n}'>Sujet {n}</a></li>" for n in range(PER_LIST)
            )
            return Answer(
                f"<body><main><ul>{rows}</ul><button data-url='/more?after={PER_LIST}'>Charger la suite"
                "</button></main><script src=/app.js></script></body>"
            )
        if parts == ["more"]:
            shown = range(after, min(after + PER_LIST, len(self.threads)))
            end = after + PER_LIST
            told = {
                "items": [{"id": n, "title": f"Sujet {n}", "url": f"/s/{n}"} for n in shown],
                "next": f"/more?after={end}" if end < len(self.threads) else None,
            }
            return Answer(json.dumps(told), "application/json")
        if parts[0] != "s" or not parts[1].isdigit():
            return None
        return self._thread(int(parts[1]), int(query.get("offset", "0")), whole=len(parts) == 2)

    def _thread(self, n: int, at: int, *, whole: bool) -> Answer:
        texts = self.thread(n)
        posts = "".join(
            f"<article id=m{n}x{at + i}><p>{lines(text)}</p></article>"
            for i, text in enumerate(texts[at : at + PER_THREAD])
        )
        end = at + PER_THREAD
        onward = f"/s/{n}/posts?offset={end}" if end < len(texts) else ""
        if n % 2 and not whole:
            return Answer(
                json.dumps({"html": posts, "next_url": onward or None}), "application/json"
            )
        button = f"<button hx-get='{onward}' hx-swap=outerHTML>Load more</button>" if onward else ""
        if not whole:
            return Answer(f"{posts}{button}")
        return Answer(f"<body><h1>Sujet {n}</h1><main>{posts}{button}</main></body>")


class Nested(World):
    """Comments within comments, each with an address of its own; one page is over 1 MB."""

    parted = True

    def __init__(self) -> None:
        super().__init__()
        self.trees = [[self.plant(f"{n}.{c}") for c in range(1 + n)] for n in range(14)]
        self.trees.append([self.plant(f"long {c}") for c in range(900)])

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/ and /story/N."""
        del query
        parts = path.strip("/").split("/")
        if parts == [""]:
            rows = "".join(
                f"<tr><td>{n + 1}.</td><td><a href='/story/{n}'>Histoire {n}</a></td><td>{len(tree)} "
                "commentaires</td></tr>"
                for n, tree in enumerate(self.trees)
            )
            return Answer(f"<body><table>{rows}</table></body>")
        if parts[0] != "story" or len(parts) > 2 or not parts[1].isdigit():
            return None
        tree = self.trees[int(parts[1])]
        filler = "<!-- " + "x" * 1200 + " -->" if len(tree) > 500 else ""
        return Answer(
            f"<body><h1>Histoire {parts[1]}</h1>{self._comments(tree, 0, parts[1], filler)}</body>"
        )

    def _comments(self, tree: list[str], at: int, story: str, filler: str) -> str:
        """Comment `at` answers to comment (at - 1) // 3: a tree of three branches."""
        inner = "".join(
            self._comments(tree, child, story, filler)
            for child in range(3 * at + 1, min(3 * at + 4, len(tree)))
        )
        return (
            f"<ul><li class=comment id=c{story}x{at}><div class=meta>ana <a href='/story/{story}/{at}'>"
            f"permalien</a></div><div class=text>{lines(tree[at])}</div>{filler}{inner}</li></ul>"
        )


class Doors(World):
    """A frameset in front, a page that sends on by itself before each text, line numbers in the
    page and the raw text by a script elsewhere, files whose addresses have no extension."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = [self.plant(str(n)) for n in range(15)]
        self.files = [self.plant(f"fichier {n}") for n in range(5)]

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/, menu.html, go.php?n=, show.php?n=, raw/get.php?n=, dl.php?f=."""
        if path == "/":
            return Answer(
                "<html><frameset cols='20%,80%'><frame src='titre.html'><frame src='menu.html'>"
                "<noframes><body>Votre navigateur ne sait pas lire ce site.</body></noframes></frameset>"
            )
        if path == "/menu.html":
            rows = "".join(f"<a href='go.php?n={n}'>Texte {n}</a><br>" for n in range(15))
            return Answer(f"<body>{rows}</body>")
        n = int(query.get("n", query.get("f", "0")) or 0)
        if path == "/go.php":
            return Answer(
                f"<html><head><meta http-equiv=Refresh content='2; URL=show.php?n={n}'></head><body>"
                "Un instant, vous allez être conduit à la page.</body></html>"
            )
        if path == "/show.php" and n < 15:
            gutter = "".join(
                f"<tr><td>{i}</td><td>{line}</td></tr>"
                for i, line in enumerate(self.texts[n].split("\n"), start=1)
            )
            file = f"<a href='dl.php?f={n}'>liste.csv (3 ko)</a>" if n < 5 else ""
            return Answer(
                f"<body><h1>Texte {n}</h1><a href='raw/get.php?n={n}'>brut</a>{file}<table>{gutter}</table>"
            )
        if path == "/raw/get.php" and n < 15:
            return Answer(self.texts[n], "text/plain; charset=utf-8")
        if path == "/dl.php" and n < 5:
            return Answer("nom;ville\n" + self.files[n], "application/octet-stream")
        return Answer("<body><b>Le site</b></body>") if path == "/titre.html" else None


class Forms(Threads):
    """Rows that open by script, pages that are asked for by forms: some by POST, some by GET."""

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/board?b=, /read?t=."""
        if path == "/":
            rows = "".join(
                f"<tr data-href='/board?b={b}'><td>Salon {b}</td><td>{len(one)}</td></tr>"
                for b, one in enumerate(self.boards)
            )
            return Answer(f"<body><table>{rows}</table></body>")
        at = int(query.get("page", "1") or 1)
        if path == "/board":
            b = int(query["b"])
            threads = self.boards[b]
            rows = "".join(
                f"<tr onclick=\"location.href='/read?t={self.number(b, t)}'\"><td>Sujet {t}</td>"
                f"<td>{len(threads[t]) - 1} réponses</td></tr>"
                for t in range((at - 1) * PER_LIST, min(at * PER_LIST, len(threads)))
            )
            more = self._form("post", f"/board?b={b}", at, pages(len(threads), PER_LIST))
            return Answer(f"<body><table>{rows}</table>{more}</body>")
        if path == "/read":
            n = int(query["t"])
            texts = self.thread(n)
            posts = "".join(
                f"<section class=mess id=m{n}_{i}>{lines(text)}</section>"
                for i, text in enumerate(texts)
                if (at - 1) * PER_THREAD <= i < at * PER_THREAD
            )
            more = self._form("get", f"/read?t={n}", at, pages(len(texts), PER_THREAD), f"t={n}")
            return Answer(f"<body><h1>Sujet {n}</h1>{posts}{more}</body>")
        return None

    def _form(self, method: str, to: str, at: int, count: int, more: str = "") -> str:
        if at >= count:
            return ""
        name, _, value = more.partition("=")
        kept = f"<input type=hidden name={name} value={value}>" if more else ""
        return (
            f"<form method={method} action='{to}'>{kept}<input type=hidden name=page value={at + 1}>"
            "<button>Suivant</button></form>"
        )
