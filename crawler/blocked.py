"""A page that is not what was asked for, whatever its status says: a challenge, a captcha, a ban,
a log-in wall, a "not found" sent with 200.

No single sign decides: people post about captchas and bans. Two kinds of signs must meet, one of
them in the page's structure or shape, and what shows that somebody's post stands there (a code or
text block, an author, a time) ends the suspicion. What cannot be told, such as a plain text that
says "removed", is content.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from parsel import Selector
from scrapy.http import Response

from crawler import addresses, blocked_words, faults, login
from crawler.pages import Page, Reading
from crawler.visits import ITEM, Visit, page_of
from extraction.html import visible_text

REFUSED = (401, 403, 429, 503)
MAX_BYTES = 200_000  # such pages are small, whatever style they carry within
SHORT, SHORTER = 1_200, 400  # characters a person sees
QUOTED = 60  # characters in a block that make it somebody's text
FEW_LINKS = 12
LIST_LINKS = 3
# Pages with none of these are not looked at closer. Plain words: an alternation that ignores case
# takes milliseconds a page, which is as long as all the rest of reading it.
SUSPECT = (
    "captcha", "turnstile", "challenge", "password", "refresh", "location.reload", ".submit(",
    "just a moment", "moment, please", "instant", "patientez", "navigateur", "browser", "robot",
    "human", "denied", "blocked", "forbidden", "banned", "refus", "interdit", "bloqu", "banni",
    "not found", "404", "410", "gone", "removed", "deleted", "expir", "exist", "available",
    "introuvable", "supprim", "retir", "indispon", "trouv",
)  # fmt: skip
# Names in class, id, name and src of the captchas that are in use.
WIDGET = re.compile(r"captcha|turnstile|friendly-challenge|arkose|funcaptcha", re.IGNORECASE)
# Paths and names of scripts and forms of the gates that are in use.
GATE = re.compile(
    r"cdn-cgi/challenge|__cf_chl|/_incapsula_|ddos-guard|sucuri_cloudproxy|/\.within\.website|"
    r"anubis_challenge|js[_-]challenge|challenge[_-](?:form|platform|running)|/px/captcha|"
    r"datadome|aws-waf|awswaf",
    re.IGNORECASE,
)
RELOADS = re.compile(
    r"location\.(?:reload|href|replace)|document\.cookie|\.submit\(", re.IGNORECASE
)
POSTED = "time, [rel=author], [itemprop=author], [class*=author], [class*=poster], [class*=avatar]"
LOG_IN_PATH = re.compile(r"/(?:log|sign)[-_]?in\b|/connexion\b|/auth\b|mode=login", re.IGNORECASE)


def kind_of_answer(response: Response) -> str:
    """The kind of an answer that is no page; "" for one that is. A gate behind a status that
    refuses is told from a plain refusal."""
    kind = faults.kind_of_status(response.status)
    if kind and response.status in REFUSED:
        told = (response.headers.get("Cf-Mitigated") or b"").lower()
        if told == b"challenge":
            return "challenge"
        page = page_of(response)
        if page.is_html and len(page.body) <= MAX_BYTES:
            return _Signs(page).gate() or kind
    return kind


def kind_of_page(
    page: Page, reading: Reading, visit: Visit, known: bool, account: bool = False
) -> str:
    """Why the page is not what was asked for; "" when it is, or when that cannot be told.

    `known`: the spider knows the software, so what it read is content. `account`: a log-in wall
    stands there although an account was used.
    """
    kind = "login-wall" if reading.wall else _kind(page, reading, visit, known)
    return "login-failed" if account and kind == "login-wall" else kind


def _kind(page: Page, reading: Reading, visit: Visit, known: bool) -> str:
    if known and not reading.empty:
        return ""
    if not page.is_html or len(page.body) > MAX_BYTES or not _is_suspect(page.text):
        return ""
    signs = _Signs(page, sent_on=bool(reading.next_page))
    if signs.somebody_wrote:
        return ""
    wall = signs.is_log_in_wall(visit, empty=reading.empty)
    if reading.is_list and len(reading.links) >= LIST_LINKS and not wall:
        return ""
    gate = signs.gate() or ("banned" if signs.is_ban() else "") or ("login-wall" if wall else "")
    if gate:
        return gate
    return "soft-gone" if visit.kind == ITEM and signs.is_gone() else ""


def _is_suspect(untrusted_text: str) -> bool:
    lowered = untrusted_text.lower()
    return any(word in lowered for word in SUSPECT)


@dataclass
class _Signs:
    """What of one page speaks for and against it. `sent_on`: its reading goes on elsewhere."""

    page: Page
    sent_on: bool = False

    @cached_property
    def text(self) -> str:
        """What a person sees, folded, on one line."""
        return fold(visible_text(self.page.text))

    @cached_property
    def _main_headings(self) -> tuple[str, ...]:
        """The title's parts and first headings, folded."""
        title = " ".join(self.page.tree.css("title ::text").getall())
        parts = re.split(r" [|·–—-] | :: | » ", title)
        return tuple(map(fold, parts)) + self._folded("h1")

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """The title's parts and the headings, folded."""
        return tuple(one for one in (*self._main_headings, *self._folded("h2")) if one)

    def _folded(self, element: str) -> tuple[str, ...]:
        found = self.page.tree.css(element)[:6]
        return tuple(fold(" ".join(one.css("::text").getall())) for one in found)

    @cached_property
    def somebody_wrote(self) -> bool:
        """Whether a post's marks stand on the page."""
        tree = self.page.tree
        for block in tree.css("pre, code, textarea, blockquote, article"):
            if block.root.tag == "article" and not self._is_post(block):
                continue
            if len(" ".join("".join(block.css("::text").getall()).split())) >= QUOTED:
                return True
        return bool(tree.css(POSTED))

    @staticmethod
    def _is_post(article: Selector) -> bool:
        return bool(article.css("p, pre, time")) and not article.css("form, h1")

    def gate(self) -> str:
        """ "captcha", "challenge" or ""; at least one sign of structure and one of another kind."""
        refused = self.page.status in REFUSED
        short = len(self.text) <= SHORT
        if short and self._captcha and (refused or self._say(blocked_words.CAPTCHA)):
            return "captcha"
        if short and self._captcha and self._words_of_challenge:
            return "captcha"
        if short and self._captcha and len(self.text) <= SHORTER and not self._links:
            return "captcha"
        if len(self.text) > SHORT:
            return ""
        structure = self._gate_script + self._reloads_itself
        if structure and structure + refused + self._words_of_challenge >= 2:
            return "challenge"
        return ""

    def is_ban(self) -> bool:
        """Its heading says so, its text says to whom, and nothing else stands there."""
        if len(self.text) > SHORT or self._links > FEW_LINKS:
            return False
        short = [one for one in self.headings if len(one) <= 80]
        headed = any(blocked_words.BANNED.match(one.lstrip("0123456789:!- ")) for one in short)
        return headed and bool(blocked_words.BANNED_WHY.search(self.text))

    def is_log_in_wall(self, visit: Visit, *, empty: bool) -> bool:
        """A log-in form where something else was asked for. A box to log in with beside content,
        or an invitation to log in and reply, is none."""
        if len(self.text) > SHORT or not login.log_in_here(self.page):
            return False
        asked = visit.walk.link.location if visit.walk.link else ""
        if LOG_IN_PATH.search(self.page.address) and asked != self.page.address:
            return True
        if any(blocked_words.LOG_IN_HEADING.fullmatch(one) for one in self._main_headings):
            return True
        said = self.headings if not empty else (*self.headings, self.text)
        return any(blocked_words.LOG_IN.search(one) for one in said)

    def is_gone(self) -> bool:
        """A heading that says nothing but that, and a sentence that says of what."""
        if len(self.text) > SHORT:
            return False
        headed = any(
            blocked_words.GONE_WORDS.search(one)
            and set(re.findall(r"\w+", one)) <= blocked_words.GONE_HEADING
            for one in self.headings
        )
        return headed and bool(blocked_words.GONE_SENTENCE.search(self.text))

    @cached_property
    def _links(self) -> int:
        """Ways on, on the same host."""
        here = addresses.host_port(self.page.address)
        targets = {self.page.join(href) for href in self.page.tree.css("a::attr(href)").getall()}
        return sum(1 for target in targets if target and addresses.host_port(target) == here)

    @cached_property
    def _captcha(self) -> bool:
        """Whether a captcha stands there alone: not in a form to write, post or log in with."""
        tree = self.page.tree
        if tree.css("input[type=password], input[type=file]"):
            return False
        for area in tree.css("textarea"):
            if not WIDGET.search(" ".join(area.attrib.values())):
                return False
        marked = tree.css("form *, iframe, script[src], div[class], div[id]")[:2_000]
        return any(
            WIDGET.search(
                " ".join(one.attrib.get(name, "") for name in ("class", "id", "name", "src"))
            )
            for one in marked
        )

    @cached_property
    def _gate_script(self) -> bool:
        tree = self.page.tree
        named = tree.css("script::attr(src), form::attr(action), form::attr(id), script::attr(id)")
        inline = "".join(tree.css("script::text").getall())[:50_000]
        return bool(GATE.search(" ".join(named.getall())) or GATE.search(inline))

    @cached_property
    def _reloads_itself(self) -> bool:
        """An almost empty page that a script or a refresh leaves by itself."""
        tree = self.page.tree
        if len(self.text) > SHORTER or self._links > 2:
            return False
        if tree.css("meta[http-equiv=refresh i]"):
            # One that leads to another page of the site is a door; a challenge comes back to it.
            return not self.sent_on
        return bool(RELOADS.search("".join(tree.css("script::text").getall())[:50_000]))

    @property
    def _words_of_challenge(self) -> bool:
        return self._say(blocked_words.CHALLENGE)

    def _say(self, words: re.Pattern[str]) -> bool:
        """Whether a heading says so, or the text of a page that has next to none."""
        if any(words.search(one) for one in self.headings):
            return True
        return len(self.text) <= SHORTER and bool(words.search(self.text))


def fold(text: str) -> str:
    """Lower case, without accents, one kind of apostrophe and of space."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.replace("’", "'").casefold().split())
