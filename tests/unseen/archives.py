"""Archives, pastes, wikis, blogs and feeds: what is read is not always a thread."""

from __future__ import annotations

import json

from tests.unseen.serving import Answer, World, lines


class MailArchive(World):
    """Months, then an index by date, then one page a message in fixed text."""

    def __init__(self) -> None:
        super().__init__()
        self.months = {
            f"2026-{m:02d}": [self.plant(f"{m}.{n}") for n in range(14)] for m in (9, 10, 11)
        }

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/, /2026-11/thread.html, /2026-11/00012.html and its attachment."""
        del query
        parts = path.strip("/").split("/")
        if parts == [""]:
            rows = "".join(
                f"<tr><td>{m}:</td><td><a href='{m}/thread.html'>[ Thread ]</a> <a href='{m}/date.html'>"
                f"[ Date ]</a></td></tr>"
                for m in self.months
            )
            return Answer(f"<h1>Archives de liste</h1><table border=3>{rows}</table>")
        texts = self.months.get(parts[0], [])
        if len(parts) != 2 or not texts:
            return None
        if parts[1] in ("thread.html", "date.html"):
            items = "".join(
                f"<LI><A HREF='{n:05d}.html'>[liste] objet {n}</A><A NAME='{n}'>&nbsp;</A>"
                f"<I>Ana B.</I></LI>"
                for n in range(len(texts))
            )
            return Answer(f"<ul>{items}</ul>")
        number = parts[1].removesuffix(".html")
        if not number.isdigit() or int(number) >= len(texts):
            return None
        n = int(number)
        return Answer(
            f"<H1>[liste] objet {n}</H1><B>Ana B.</B> <A HREF='mailto:x'>ana at x</A><BR><I>Mon Nov 2 "
            f"2026</I><UL><LI>Previous message: <A HREF='{max(0, n - 1):05d}.html'>objet {n - 1}</A>"
            f"</li><LI>Next message: <A HREF='{n + 1:05d}.html'>objet {n + 1}</A></li></UL><HR><PRE>"
            f"{texts[n]}\n</PRE><HR>"
        )


class Wiki(World):
    """Pages that are pastes; histories, differences and edit links beside each."""

    def __init__(self) -> None:
        super().__init__()
        self.names = [f"Page{chr(65 + n)}{n}" for n in range(18)]
        self.texts = {name: self.plant(name) for name in self.names}

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/wiki/Name, /wiki/Special:AllPages."""
        name = path.removeprefix("/wiki/")
        if query.get("action") in ("edit", "delete", "watch", "rollback"):
            self.changes(query["action"])
        frame = (
            f"<div id=tabs><a href='{path}?action=edit'>Edit</a> <a href='{path}?action=history'>History</a>"
            f" <a href='{path}?action=watch'>Watch</a></div><div id=sidebar><a href='/wiki/Special:AllPages'>"
            "Toutes les pages</a><a href='/wiki/Special:RecentChanges?days=7'>Recent</a></div>"
        )
        if path == "/":
            return Answer(
                f"{frame}<div id=content><h1>Accueil</h1><p>Bienvenue sur ce wiki.</p></div>"
            )
        if query.get("action") == "history":
            rows = "".join(
                f"<li><a href='{path}?oldid={n}'>version {n}</a> <a href='{path}?diff={n}'>diff</a></li>"
                for n in range(30)
            )
            return Answer(f"{frame}<ul>{rows}</ul>")
        if name.startswith("Special:"):
            rows = "".join(f"<li><a href='/wiki/{one}'>{one}</a></li>" for one in self.names)
            return Answer(f"{frame}<div id=content><h1>Toutes les pages</h1><ul>{rows}</ul></div>")
        if name not in self.texts:
            return None
        text = self.texts[name] if "oldid" not in query else f"ancienne {query['oldid']}"
        return Answer(f"{frame}<div id=content><h1>{name}</h1><p>{lines(text)}</p></div>")


class Gists(World):
    """Public snippets; a page shows lines with numbers in cells, the whole is at raw."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = [self.plant(str(n)) for n in range(34)]

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/discover?page=N, /ana/HASH, /ana/HASH/raw/name.txt."""
        parts = path.strip("/").split("/")
        at = int(query.get("page", "1") or 1)
        if parts in ([""], ["discover"]):
            shown = range((at - 1) * 10, min(at * 10, len(self.texts)))
            rows = "".join(
                f"<div class=gist-snippet><div class=meta><a href='/ana'>ana</a> / <a href='/ana/"
                f"{n:08x}a1b2'><strong>fichier{n}.txt</strong></a> Created 2 hours ago</div><ul><li>"
                f"<a href='/ana/{n:08x}a1b2/forks'>0 forks</a></li><li><a href='/ana/{n:08x}a1b2/"
                "star'>0 stars</a></li></ul><div class=blob><table><tr><td>1</td><td>Texte</td></tr>"
                "</table></div></div>"
                for n in shown
            )
            more = at * 10 < len(self.texts)
            older = f"<a rel=nofollow href='/discover?page={at + 1}'>Older</a>" if more else ""
            return Answer(f"<main>{rows}<div class=pagination>{older}</div></main>")
        if len(parts) < 2 or not parts[1].endswith("a1b2"):
            return Answer("<main>profil de ana</main>") if parts == ["ana"] else None
        n = int(parts[1][:8], 16)
        if len(parts) > 2 and parts[2] == "star":
            self.changes(path)
        if len(parts) > 2:
            text = self.texts[n] if parts[2] == "raw" else "<p>rien"
            return Answer(text, "text/plain; charset=utf-8" if parts[2] == "raw" else "text/html")
        rows = "".join(
            f"<tr><td class=num data-line-number={i}></td><td class=code>{line}</td></tr>"
            for i, line in enumerate(self.texts[n].split("\n"), start=1)
        )
        return Answer(
            f"<main><h1>ana/fichier{n}.txt</h1><div class=file><div class=actions><a href='/ana/{parts[1]}"
            f"/raw/fichier{n}.txt'>Raw</a></div><table>{rows}</table></div></main>"
        )


class Blog(World):
    """Entries in date archives with a calendar, comments with pages of their own, reply links."""

    def __init__(self) -> None:
        super().__init__()
        self.entries = [[self.plant(f"{n}.{c}") for c in range(1 + n % 4)] for n in range(16)]
        self.entries[3] += [self.plant(f"3.{c}") for c in range(8)]

    def _path(self, n: int) -> str:
        return f"/2026/{9 + n % 3:02d}/{n + 1:02d}/un-billet-{n}/"

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """Entries, /page/N/, months, and a calendar without end."""
        side = (
            f"<aside><h3>Récents</h3><ul><li><a href='{self._path(2)}'>Un billet 2</a></li></ul><a href='/2026/09/'>"
            "septembre 2026</a> <a href='/2026/10/'>octobre 2026</a><table id=wp-calendar><a href='"
            "/2026/12/'>déc »</a></table><a href='/wp-login.php'>Connexion</a></aside>"
        )
        parts = [part for part in path.strip("/").split("/") if part]
        if not parts or parts[0] == "page":
            at = int(parts[1]) if parts else 1
            numbers = range((at - 1) * 5, min(at * 5, len(self.entries)))
            items = "".join(
                f"<article class=post><h2><a href='{self._path(n)}'>Un billet {n}</a></h2><p>Début du "
                f"billet {n}, la suite est derrière.</p><a href='{self._path(n)}#respond'>Commenter</a>"
                "</article>"
                for n in numbers
            )
            more = at * 5 < len(self.entries)
            older = f"<a href='/page/{at + 1}/'>← Articles plus anciens</a>" if more else ""
            return Answer(f"<main>{items}<nav class=navigation>{older}</nav></main>{side}")
        if not parts[0].isdigit() or len(parts) == 1:
            return None
        if len(parts) in (2, 3):
            year, month = int(parts[0]), int(parts[1])
            following = f"/{year + month // 12}/{month % 12 + 1:02d}/"
            return Answer(
                f"<main><p>Rien ce mois-ci.</p><a href='{following}'>mois suivant »</a></main>"
            )
        number = int(parts[3].rsplit("-", 1)[1])
        texts = self.entries[number]
        at = int(parts[4].rsplit("-", 1)[1]) if len(parts) > 4 else 1
        comments = "".join(
            f"<li class=comment id=comment-{number}{c}><div class=comment-body><p>{lines(text)}</p><a "
            f"href='{self._path(number)}?replytocom={number}{c}#respond'>Répondre</a></div></li>"
            for c, text in enumerate(texts[1:][(at - 1) * 4 : at * 4])
        )
        more = at * 4 < len(texts) - 1
        older = f"<a href='{self._path(number)}comment-page-{at + 1}/'>Commentaires suivants »</a>"
        return Answer(
            f"<main><article class=post id=post-{number}><h1>Un billet {number}</h1><div class=entry-"
            f"content><p>{lines(texts[0])}</p></div></article><ol class=commentlist>{comments}</ol>"
            f"{older if more else ''}<form action='/post'><textarea name=comment></textarea></form></main>"
            f"{side}"
        )


class FeedOnly(World):
    """A front page that only scripts fill, and a feed that tells of every entry."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = [self.plant(str(n)) for n in range(20)]

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """The feed is named in the head of the front page."""
        del query
        if path == "/":
            return Answer(
                "<!doctype html><head><link rel=alternate type='application/rss+xml' href='/flux.xml'>"
                "</head><body><div id=app></div></body>"
            )
        if path == "/flux.xml":
            items = "".join(
                f"<item><title>Entrée {n}</title><link>/e/{n}</link><guid>e{n}</guid><pubDate>Mon, 23 "
                f"Nov 2026 10:{n:02d}:00 GMT</pubDate></item>"
                for n in range(20)
            )
            return Answer(f"<?xml version='1.0'?><rss version='2.0'><channel><title>x</title>{items}"
                          "</channel></rss>", "application/rss+xml")  # fmt: skip
        number = path.removeprefix("/e/")
        if number.isdigit() and int(number) < 20:
            text = self.texts[int(number)]
            return Answer(f"<body><h1>Entrée {number}</h1><div>{lines(text)}</div></body>")
        return None


class MappedOnly(World):
    """A front page without a link; robots.txt names a site map of site maps."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = [self.plant(str(n)) for n in range(20)]

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/robots.txt, /sitemap.xml, /map-1.xml, /p/TOKEN."""
        del query
        if path == "/":
            return Answer(
                "<body><h1>Dépôt</h1><form><textarea name=texte></textarea></form></body>"
            )
        if path == "/robots.txt":
            return Answer("User-agent: *\nAllow: /\nSitemap: /sitemap.xml\n", "text/plain")
        space = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
        if path == "/sitemap.xml":
            return Answer(f"<sitemapindex {space}><sitemap><loc>/map-1.xml</loc></sitemap>"
                          "</sitemapindex>", "application/xml")  # fmt: skip
        if path == "/map-1.xml":
            urls = "".join(f"<url><loc>/p/x{n}y7{n}z</loc></url>" for n in range(20))
            return Answer(f"<urlset {space}>{urls}</urlset>", "application/xml")
        for n, text in enumerate(self.texts):
            if path == f"/p/x{n}y7{n}z":
                return Answer(f"<body><h1>sans titre</h1><pre>{text}</pre></body>")
        return None


class Endless(World):
    """?offset= without end (the last page again and again), random names, 200 for everything."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = {f"{n * 7919 % 65536:04x}q{n}": self.plant(str(n)) for n in range(33)}

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """A missing page answers like the front page of another day."""
        name = path.strip("/")
        if name in self.texts:
            return Answer(f"<html><body><div class=bar><a href='/'>home</a> <a href='/{name}.txt'>plain</a>"
                          f"</div><pre>{self.texts[name]}</pre></body></html>")  # fmt: skip
        if name.removesuffix(".txt") in self.texts:
            return Answer(self.texts[name.removesuffix(".txt")], "text/plain")
        at = int(query.get("offset", "0") or 0)
        names = list(self.texts)
        shown = names[min(at, 30) : min(at, 30) + 10]
        rows = "".join(f"<li><a href='/{one}'>{one}</a></li>" for one in shown)
        return Answer(
            f"<html><body><ul>{rows}</ul><a href='/?offset={at + 10}'>More</a></body></html>"
        )


class LinkedData(World):
    """Threads that a page tells in JSON-LD and nothing else; the next page is named in the head."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = [[self.plant(f"{n}.{p}") for p in range(1 + n % 4)] for n in range(12)]

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """/ lists six threads a page."""
        at = int(query.get("cursor", "0") or 0)
        if path == "/":
            rows = "".join(
                f"<section><h3><a href='/s/{n}/sujet'>Sujet {n}</a></h3></section>"
                for n in range(at, min(at + 6, 12))
            )
            head = f"<link rel=next href='/?cursor={at + 6}'>" if at + 6 < 12 else ""
            return Answer(f"<html><head>{head}</head><body>{rows}</body></html>")
        parts = path.strip("/").split("/")
        if parts[0] != "s":
            return None
        n = int(parts[1])
        told = {
            "@context": "https://schema.org", "@type": "DiscussionForumPosting",
            "headline": f"Sujet {n}", "text": self.threads[n][0], "url": f"/s/{n}/sujet",
            "datePublished": "2026-11-20T10:00:00Z", "author": {"@type": "Person", "name": "ana"},
            "comment": [
                {"@type": "Comment", "text": text, "url": f"/s/{n}/sujet#c{i}"}
                for i, text in enumerate(self.threads[n][1:])
            ],
        }  # fmt: skip
        return Answer(
            "<html><head><script type='application/ld+json'>"
            + json.dumps(told).replace("<", "\\u003c")
            + f"</script></head><body><div id=root><h1>Sujet {n}</h1></div></body></html>"
        )


class Guestbook(World):
    """Entries parted by rules only, in an old charset that nobody told."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = [self.plant(f"numéro {n}") for n in range(30)]

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """Ten entries a page, "page suivante" below."""
        if path != "/livre.php" and path != "/":
            return None
        at = int(query.get("debut", "0") or 0)
        items = "<hr>".join(
            f"<b>Prénom</b> a écrit le 12/11/2026 :<br>{lines(text)}"
            for text in self.texts[at : at + 10]
        )
        more = at + 10 < len(self.texts)
        older = f"<a href='livre.php?debut={at + 10}'>page suivante &gt;&gt;</a>" if more else ""
        body = f"<html><body><h2>Livre d'or</h2>{items}<hr><center>{older}</center></body></html>"
        return Answer(body.encode("cp1252"), "text/html")
