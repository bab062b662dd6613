"""Pages that answer 200 and are no content are told, by structure and words together; posts that
talk about captchas, bans and missing pages are content."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy.http import HtmlResponse

from crawler.blocked import kind_of_answer, kind_of_page
from crawler.pages import Link, Page, choose
from crawler.visits import ITEM, LIST, START, Visit, Walk, reading_of
from spiders import SITES

HERE = "http://s.example/p/AB12"

BLOCKED = {
    "challenge-script": (
        "challenge",
        """<html><head><title>Just a moment...</title>
        <script src="/cdn-cgi/challenge-platform/h/b/orchestrate/x"></script></head><body>
        <h1>s.example</h1><p>Verifying you are human. This may take a few seconds.</p></body>""",
    ),
    "challenge-cookie": (
        "challenge",
        """<html><head><title>Un instant</title></head><body><p>Vérification de votre
        navigateur…</p>
        <script>document.cookie='k='+f(7);location.reload()</script></body></html>""",
    ),
    "challenge-work": (
        "challenge",
        """<title>Making sure you're not a bot!</title><h1>Making sure you're not a bot!</h1>
        <script id="anubis_challenge" type="application/json">{}</script><p>Loading</p>""",
    ),
    "captcha": (
        "captcha",
        """<title>s.example</title><h1>Êtes-vous un robot ?</h1><form method=post>
        <div class="h-captcha" data-sitekey=x></div><textarea name="h-captcha-response"></textarea>
        <button>Continuer</button></form>""",
    ),
    "captcha-picture": (
        "captcha",
        """<title>Security check</title><form action=/verify method=post><img src=/captcha.php?i=3>
        <input name=captcha_code><button>OK</button></form>""",
    ),
    "captcha-without-words": (
        "captcha",
        """<title>例</title><form method=post><div class="g-recaptcha"></div><p>続ける</p></form>
        <script src="https://x.example/recaptcha/api.js"></script>""",
    ),
    "ban-page": (
        "banned",
        """<title>Access denied | s.example</title><h1>Access denied</h1>
        <p>You have been blocked: your IP address was used to scrape. Incident id: 5f3a-77</p>""",
    ),
    "ban-forum": (
        "banned",
        """<title>Forum - Information</title><h2>Vous avez été banni de ce forum</h2>
        <p>Votre compte ou votre adresse IP est exclu jusqu'au 3 mars.
        Contactez l'administrateur.</p><a href=/>Accueil</a>""",
    ),
    "log-in": (
        "login-wall",
        """<title>Connexion - s.example</title><h1>Connexion</h1>
        <p>Vous devez être connecté pour voir cette page.</p>
        <form action=/login method=post><input name=u><input type=password name=p>
        <button>Se connecter</button></form>""",
    ),
    "gone": (
        "soft-gone",
        """<title>Not Found - s.example</title><nav><a href=/>Home</a></nav>
        <h1>Not found</h1><p>This paste has been removed by its author.</p>""",
    ),
    "gone-french": (
        "soft-gone",
        """<title>s.example</title><h1>Page introuvable</h1>
        <main><p>Le message demandé n'existe plus ou a été supprimé.</p></main>""",
    ),
    "gone-expired": (
        "soft-gone",
        """<title>Oops! | s.example</title><h2>404</h2>
        <div>Sorry, the document you asked for: this paste expired.</div>""",
    ),
}  # fmt: skip

SIDE = """<aside><h2>Connexion</h2><form action=/login method=post><input name=u>
<input type=password name=p><button>Connexion</button></form></aside>"""
COMMENT = """<form action=/comment method=post><textarea name=text></textarea>
<div class=g-recaptcha></div><button>Reply</button></form>"""

CONTENT = {
    "about-captchas": """<title>How do I solve a captcha? - s.example</title>
        <h1>How do I solve a captcha?</h1><p>The site says "verify you are human" and then access
        denied, your IP address has been blocked. I see g-recaptcha in the source.</p>"""
        + COMMENT,
    "about-bans": """<title>I have been banned - s.example</title><h1>Access denied since today</h1>
        <article><p>My IP address was blocked by the forum, error 1020, ray id 77. Votre adresse IP
        est bloquée, dit la page. Que faire ?</p><time>hier</time></article>""",
    "about-404": """<title>404 page not found in nginx</title><h1>404 page not found in nginx</h1>
        <p>The page was not found although the file exists. Who knows why it was removed?</p>""",
    "captcha-pasted": """<title>captcha - s.example</title><h1>captcha</h1>
        <pre>&lt;div class="g-recaptcha"&gt;Just a moment... checking your browser&lt;/div&gt;
        Access denied. Your IP address is blocked. This paste has been removed.</pre>""",
    "paste-titled-gone": """<title>Not found</title><h1>Not found</h1>
        <pre>This paste has been removed from the other site, here it is again: a list of words
        and more words</pre>""",
    "reply-to-log-in": """<title>Un sujet</title><h1>Un sujet ordinaire</h1>
        <div class=post><p>Bonjour, le fichier est en ligne depuis hier soir.</p></div>
        <div class=post><p>Merci, je regarde cela demain matin sans faute.</p></div>
        <p>Connectez-vous pour répondre.</p>""" + SIDE,
    "small-list": """<title>Pastes</title><h1>Pastes</h1><ul><li><a href=/p/one1>Une note</a></li>
        <li><a href=/p/two2>deleted scenes</a></li></ul>""" + SIDE,
    "make-a-paste": """<title>New paste</title><h1>Latest</h1>
        <ul><li><a href=/p/abc1>a note</a><li><a href=/p/abc2>not found</a></ul>
        <form method=post><textarea name=text></textarea><div class=h-captcha></div></form>""",
    "moved-by-script": """<title>Le texte</title><h1>Le texte</h1><p>Voici la liste complète des
        adresses que tout le monde demandait, un instant de patience pour la suite.</p>
        <script>document.cookie='theme=dark'; if (0) location.reload()</script>"""
        "<p>" + "une ligne de plus dans ce long message " * 15 + "</p>",
    "headed-404": """<title>404</title><h1>404</h1><p>That is the number of the train which was
        late again today, and nobody knows why it always stops at Dijon.</p>""",
    "a-clock": """<title>Horloge</title><h1>Horloge</h1><p>Il est midi passé à la gare.</p>
        <script>setTimeout(() => location.reload(), 60000)</script>""",
    "a-film": """<title>Access denied</title><h1>Access denied</h1><p>A short film about a door
        that nobody opens, seen last night at the small cinema.</p>""",
    "word-list": "<title>Mots</title><h1>Access denied</h1><p>" + "banned blocked " * 200 + "</p>",
    "about-removal": """<title>Removed from the team</title><h1>Removed from the team</h1>
        <p>The post was removed, and nobody says why. What now?</p>""",
    "short-question": """<title>Please wait while I explain</title><h1>Please wait while I explain
        </h1><p>The meta refresh tag &lt;meta http-equiv=refresh&gt; makes browsers reload.</p>""",
}  # fmt: skip


def told(html: str, kind: str = ITEM, address: str = HERE, site: Any = None) -> str:
    page = Page(address, f"<!doctype html>{html}".encode())
    site = site or choose(SITES, page)
    walk = Walk(Link(HERE, HERE) if kind == ITEM else None)
    visit = Visit(kind, walk)
    reading = reading_of(site, page, visit)
    assert reading is not None
    return kind_of_page(page, reading, visit, site is not SITES[-1])


@pytest.mark.parametrize("name", BLOCKED)
def test_what_is_no_content_is_told(name: str) -> None:
    expected, html = BLOCKED[name]
    assert told(html) == expected


@pytest.mark.parametrize("name", CONTENT)
@pytest.mark.parametrize("kind", [ITEM, START, LIST])
def test_posts_about_it_are_content(name: str, kind: str) -> None:
    assert told(CONTENT[name], kind) == ""


@pytest.mark.parametrize("name", [name for name in BLOCKED if BLOCKED[name][0] != "soft-gone"])
@pytest.mark.parametrize("site", SITES[:-1], ids=lambda site: site.name)
def test_a_site_that_is_known_is_blocked_alike(name: str, site: Any) -> None:
    expected, html = BLOCKED[name]
    # A spider whose software shows posts as scripts reads nothing here, which is not content.
    assert told(html, START, "http://s.example/", site) in (expected, "login-wall")


def test_a_redirect_to_the_log_in_page_is_a_wall() -> None:
    html = (
        """<title>s.example</title><p>Bienvenue</p><ul><li><a href=/p/1a>Un</a>
        <li><a href=/p/2b>Deux</a><li><a href=/p/3c>Trois</a></ul>"""
        + SIDE
    )
    assert told(html) == ""
    assert told(html, address="http://s.example/login?next=/p/AB12") == "login-wall"


def test_a_list_is_never_gone() -> None:
    assert told(BLOCKED["gone"][1], START) == ""
    assert told(BLOCKED["gone"][1], LIST) == ""


def test_a_gate_behind_a_refusing_status() -> None:
    def answer(name: str, status: int, **headers: str) -> str:
        body = BLOCKED[name][1].encode() if name else b"<h1>no</h1>"
        told = {"Content-Type": "text/html", **headers}
        return kind_of_answer(HtmlResponse(HERE, status, told, body, encoding="utf-8"))

    assert answer("challenge-script", 403) == "challenge"
    assert answer("captcha-picture", 429) == "captcha"
    assert answer("", 403) == "forbidden"
    assert answer("", 403, **{"Cf-Mitigated": "challenge"}) == "challenge"
    assert answer("", 503) == "busy"
    assert answer("gone", 404) == "gone"
    assert answer("challenge-script", 200) == ""


def test_a_crawl_reports_them_and_reads_the_rest(watcher: Any, source: Any, hostile: Any) -> None:
    hostile.page(
        "/",
        "<main><ul><li><a href='/n/a1'>note une</a></li><li><a href='/n/b2'>note deux</a></li>"
        "<li><a href='/n/c3'>note trois</a></li></ul></main>",
    )
    hostile.page("/n/a1", "<main><pre>un texte qui doit être lu en entier</pre></main>")
    hostile.page("/n/b2", BLOCKED["gone"][1])
    hostile.page("/n/c3", BLOCKED["captcha"][1])
    found = watcher.crawl(source(hostile.address, engine="generic", render="never"))
    assert (found.outcome, sorted(found.kinds)) == ("finished", ["captcha", "soft-gone"])
    assert found.texts == "un texte qui doit être lu en entier"


def test_a_site_that_bans_is_blocked(watcher: Any, source: Any, hostile: Any) -> None:
    hostile.page("/", BLOCKED["ban-page"][1])
    found = watcher.crawl(source(hostile.address, engine="generic", render="never"))
    assert (found.outcome, found.kinds) == ("blocked", ["banned"])
