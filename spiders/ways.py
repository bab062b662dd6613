"""Where a page of an unknown site leads: rows, other ways, attachments, raw views.

Whole segments and words of an address are compared, never parts of a title.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawler import addresses
from crawler.pages import Link, Page, Site
from spiders import paging, rows, structure, words

# Parts of a site that hold nobody's posts, with all that is below them.
ASIDE = frozenset(
    {"account", "accounts", "admin", "api", "assets", "auth", "author", "authors", "avatar",
     "avatars", "badges", "cal", "calendar", "calendrier", "agenda", "compte", "connexion", "css",
     "embed", "emoji", "feed", "fonts", "forgot", "groups", "history", "images", "img", "inbox",
     "info", "inscription", "js", "lang", "language", "log-in", "login", "member", "memberlist",
     "members", "membre", "membres", "moderators", "notifications", "online", "partager", "people",
     "preferences", "print", "printable", "printthread", "printview", "imprimer", "profil",
     "profile", "profiles", "quote", "recherche", "reply", "search", "session", "sessions",
     "settings", "share", "sign-in", "signin", "smilies", "staff", "static", "statistics", "stats",
     "tag", "tagged", "tags", "showteam", "team", "theme", "themes", "u", "user", "userlist",
     "users", "visit", "who", "whosonline", "wp-admin", "wp-content", "wp-json", "wp-includes", "~"}
)  # fmt: skip
# The same as the last segment only: "/docs/5" may be a post.
ASIDE_PAGES = frozenset(
    {"a-propos", "about", "aide", "apropos", "cgu", "changelog", "compose", "contact", "cookies",
     "create", "diff", "docs", "donate", "faq", "favicon.ico", "feeds", "forks", "stargazers",
     "help", "legal", "license", "mentions-legales", "mod", "new", "nouveau", "policy",
     "pricing", "privacy", "pro", "publier", "reglement", "revisions", "robots.txt", "rss", "atom",
     "rules", "sitemap.xml", "terms", "tools", "tos", "version", "versions"}
)  # fmt: skip
PAGE_FILES = re.compile(r"\.(?:s?html?|php\d?|aspx?|jsp|cgi|pl|cfm|do|md)$", re.IGNORECASE)
MEDIA = re.compile(
    r"\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|mp4|webm|mp3|ogg|rss|atom)$",
    re.IGNORECASE,
)
FILES = re.compile(
    r"\.(?:csv|tsv|txt|text|log|sql|json|jsonl|xml|ya?ml|zip|rar|7z|tar|gz|tgz|bz2|xz|zst|pdf|docx?|"
    r"xlsx?|odt|ods|rtf|eml|msg|mbox|db|sqlite|bak|dump|dat|bin|vcf|accdb|mdb)$",
    re.IGNORECASE,
)
PICTURES = re.compile(r"\.(?:png|jpe?g|webp|bmp|tiff?)$", re.IGNORECASE)
FILE_WORDS = re.compile(
    r"(?:^|[/_.?&;=-])(?:attach(?:ment)?s?|dlattach|pieces?-?jointes?|fichiers?|uploads?|getfile)"
    r"(?:$|[/_.?&;=-])",
    re.IGNORECASE,
)
ONLY_NUMBER = re.compile(
    r"^\W*(?:(?:#|n[°o]\.?\s*)?\d+|permalink|permalien|link|lien|share|\[?-\]?|[\d\s/:.,hT+Z-]+)?\W*$",
    re.IGNORECASE,
)
OTHER_WORDS = re.compile(
    r"^\W*(?:embed|clone|hex|edit|print|reply|répondre|quote|report)\W*$",
    re.IGNORECASE,
)
NO_TITLES = (ONLY_NUMBER, words.NEXT, words.LAST, words.RAW, words.DOWNLOAD, OTHER_WORDS)
# Parameters that change how the same things are shown, never what is shown.
VIEWS = frozenset(
    {"sort", "sortby", "sort_by", "order", "orderby", "order_by", "sortdir", "direction", "dir",
     "asc", "desc", "highlight", "hilit", "replytocom", "print", "printable", "style", "theme",
     "skin", "lang", "hl", "locale", "ref", "tab", "theater",
     "amp", "noredirect"}
)  # fmt: skip
VIEW_KEYS = re.compile(
    r"(?:toggle|fold|unfold|collapse|expand|refresh|columns|pagesize|dispname)(?:[_-]\w+)?|"
    r"\w+[_-](?:order|sort|orderby|sortby)"
)
SHOWING_KEYS = frozenset({"view", "display", "goto", "viewmode", "layout"})
# The same thread again, or a way to one of its neighbours.
OTHER_VIEWS = frozenset(
    {"threaded", "hybrid", "linear", "flat", "nested", "lofi", "printpage", "unread", "next",
     "previous", "prev", "newest", "oldest", "nextnewest", "nextoldest", "lastpost", "newpost",
     "getnewpost", "getlastpost", "getlast", "getnew", "syndication", "whoposted", "emailpage"}
)  # fmt: skip
# Parameters that point to one post within a thread.
POINTERS = frozenset(
    {"pid", "p", "post", "postid", "post_id", "msg", "message", "messageid", "comment", "cid",
     "commentid", "reply", "focus", "datecut", "prefix"}
)  # fmt: skip
LOFI = re.compile(r"/(?:archive|lofiversion)/index\.php")
DATES = re.compile(
    r"^.*?/(?:archives?/)?(?P<year>(?:19|20)\d\d)(?:[/-](?P<month>0?[1-9]|1[0-2]))?"
    r"(?:[/-](?P<day>0?[1-9]|[12]\d|3[01]))?/?(?:index\.\w+)?$"
)
FOR_YEARS = re.compile(r"/(?:archives?/|calendar/|calendrier/|agenda/|blog/)?")
MAX_DEPTH, MAX_SAME, LONGEST_TIME = 14, 2, 60


@lru_cache(maxsize=4096)
def location_of(untrusted_address: str) -> str:
    """A canonical address without what only changes the view."""
    address = addresses.canonical(untrusted_address)
    parts = urlsplit(address)
    if paging.NAMED_VIEW.search(parts.path):
        parts = parts._replace(path=paging.NAMED_VIEW.sub("", parts.path) or "/")
        address = urlunsplit(parts)
    if not parts.query:
        return address
    pieces = [piece for piece in re.split(r"[&;]", parts.query) if not _is_view(piece)]
    mark = ";" if ";" in parts.query and "&" not in parts.query else "&"
    return urlunsplit(parts._replace(query=mark.join(pieces)))


def _is_view(piece: str) -> bool:
    key = unquote(piece.partition("=")[0]).lower().strip("@:_$")
    return key in VIEWS or VIEW_KEYS.fullmatch(key) is not None


def without_pointers(location: str) -> str:
    """The thread of an address that points to one of its posts; the address itself if it names
    nothing else."""
    parts = urlsplit(location)
    pieces = re.split(r"([&;])", parts.query)
    kept = [one for one in pieces[::2] if one.partition("=")[0].lower() not in POINTERS]
    if not parts.query or not kept or len(kept) == len(pieces[::2]):
        return location
    mark = pieces[1] if len(pieces) > 1 else "&"
    return urlunsplit(parts._replace(query=mark.join(kept)))


def leads_on(site: Site, page: Page, address: str) -> bool:
    """Whether an address may lead to posts of this site."""
    same = addresses.host_port(address) == addresses.host_port(page.address)
    return same and _may_hold_posts(site, address)


@lru_cache(maxsize=2048)
def _may_hold_posts(site: Site, address: str) -> bool:
    parts = urlsplit(address)
    if MEDIA.search(parts.path) or LOFI.search(parts.path) or not site.harmless(address):
        return False
    segments = [unquote(one).lower() for one in parts.path.split("/") if one]
    if len(segments) > MAX_DEPTH or any(segments.count(s) > MAX_SAME for s in set(segments)):
        return False  # relative links on a site that answers everything
    if is_aside(address):
        return False
    stems = [PAGE_FILES.sub("", one) for one in segments]
    if stems and (stems[-1] in ASIDE_PAGES or segments[-1] in ASIDE_PAGES):
        return False
    for key, value in parse_qsl(parts.query.replace(";", "&"), keep_blank_values=True):
        shows = key.lower() in addresses.DOING_KEYS or key.lower() in SHOWING_KEYS
        word = value.lower() if shows else ""
        if word in ASIDE | ASIDE_PAGES | OTHER_VIEWS or (not value and key.lower() in ASIDE):
            return False
        if key.lower() in ("oldid", "rev", "revision", "diff", "replyto", "search", "q"):
            return False
    return bool(re.sub(r"^/(?:index\.\w+)?$", "", parts.path) or parts.query)


def is_aside(address: str) -> bool:
    """Whether an address lies among members, searches and the like, which hold nobody's posts."""
    segments = [unquote(one).lower() for one in urlsplit(address).path.split("/") if one]
    stems = [PAGE_FILES.sub("", one) for one in segments]
    return bool(ASIDE.intersection((*segments, *stems))) or any(
        one.startswith("admin") for one in stems
    )


def is_date(address: str, now: datetime) -> int:
    """0: no archive of a date; 1: one of the past; 2: one of the future."""
    found = DATES.match(urlsplit(address).path)
    if found is None:
        return 0
    if not found["month"] and not FOR_YEARS.fullmatch(found.string[: found.start("year")]):
        return 0  # a paste or topic of that number, which no calendar counts
    year, month = int(found["year"]), int(found["month"] or 1)
    return 2 if (year, month) > (now.year, now.month) else 1


def ways(
    site: Site, page: Page, part: HtmlElement, here: str, *, once: bool = False
) -> dict[str, Link]:
    """Ways to threads, pastes and other lists in a part of a page, by location."""
    found: list[tuple[HtmlElement, str]] = []
    known: set[str] = set()
    permalinks: set[str] = set()
    home: list[HtmlElement] = []
    base, here_named = paging.base_of(here), structure.names(part) - {""}
    for element in structure.links(part):
        address = page.join(element.get("href", ""))
        location = location_of(address) if address else ""
        if location in known:
            found.append((element, location))
            continue
        if location == here:
            home.append(element)
        if not location or location == here or not leads_on(site, page, location):
            continue
        said = structure.text_of(element)
        if is_file(location, element, said) or any(form.match(said) for form in NO_TITLES):
            permalinks.add(location)
            continue
        if "?" in location and location.partition("?")[0] in permalinks:
            continue  # another view of one post
        if says_only_when(said) or element.get("href", "").partition("#")[2] in here_named:
            continue  # the last post of a thread that is listed; a place on this page
        whole = without_pointers(location)
        if whole != location and (whole == here or whole in known):
            continue  # one post of this thread, or of one that is listed already
        own = paging.base_of(location)
        number = paging.number_of(location)
        if own == base or (number > 1 and any(own == paging.base_of(one) for one in known)):
            continue  # another page of this list, or of a thread that is listed already
        if is_date(location, page.fetched_at) == 2:
            continue
        known.add(location)
        found.append((element, location))
    return _links(part, found, home, once=once)


def _links(
    part: HtmlElement, listed: list[tuple[HtmlElement, str]], home: list[HtmlElement], *, once: bool
) -> dict[str, Link]:
    if once:
        return {location: Link(location, location, once=True) for _, location in listed}
    views, spread = rows.view_columns(part), rows.spread_among(listed)
    marked = [*home, *(element for element, location in listed if location in spread)]
    for element in marked:
        element.set(structure.DOOMED, "1")
    found = {
        location: Link(location, location, short(rows.state(row, views)))
        for location, row in rows.rows_of(listed).items()
        if not words.BESIDE.match(structure.text_of(row))
    }
    for element in marked:
        element.attrib.pop(structure.DOOMED, None)
    return found


def rows_in(page: Page, part: HtmlElement, links: Collection[str]) -> list[HtmlElement]:
    """What the links are listed in, each once and none inside another; no posts with a link."""
    located = ((one, location_of(page.join(one.get("href", "")))) for one in structure.links(part))
    listed = [(element, location) for element, location in located if location in links]
    found = dict.fromkeys(rows.rows_of(listed).values())
    leading = {element for element, _ in listed}
    return [
        row
        for row in found
        if not any(outer in found for outer in row.iterancestors()) and _is_row(row, leading)
    ]


def _is_row(row: HtmlElement, leading: set[HtmlElement]) -> bool:
    """Whether it opens with a title, and is no post that has a link."""
    if rows.says_first(row, leading.__contains__):
        return False
    first = next((one for one in structure.links(row) if one in leading), row)
    return rows.stands_alone(first) or not rows.has_sentence(row)


def says_only_when(said: str) -> bool:
    """Whether a link reads "5 minutes ago" or "Yesterday, 17:26" and nothing else."""
    if len(said) > LONGEST_TIME:
        return False
    left = words.VOLATILE.sub(" ", said)
    if left == said and not any(one.isdigit() for one in said):
        return False
    left = words.CLOCK.sub(" ", words.DATE.sub(" ", left))
    return ONLY_NUMBER.match(left) is not None


def is_file(location: str, element: HtmlElement, said: str) -> bool:
    """Whether a link that reads `said` leads to a file and not to a page."""
    path = addresses.path_of(location)
    if element.get("download") is not None or FILES.search(path):
        return not words.RAW.match(said)
    named = FILES.search(said.split(" ")[0])
    return bool(named and FILE_WORDS.search(location))


def attachments(
    site: Site, page: Page, part: HtmlElement, thread: str, title: str
) -> tuple[Link, ...]:
    """Files that a part of a page links to on its own host, each once."""
    found: dict[str, Link] = {}
    for element in structure.links(part):
        address = page.join(element.get("href", ""))
        location = addresses.canonical(address)
        if not location or addresses.host_port(location) != addresses.host_port(page.address):
            continue
        said = structure.text_of(element)
        picture = PICTURES.search(urlsplit(location).path) or (
            PICTURES.search(said) and FILE_WORDS.search(location)
        )
        offered = words.DOWNLOAD.match(said) and address != page.root()
        if (is_file(location, element, said) or picture or offered) and site.harmless(address):
            found.setdefault(
                location, Link(address, location, file=True, title=title, thread=thread)
            )
    return tuple(found.values())


def raw_view(page: Page, body: HtmlElement) -> str:
    """The raw view of a paste; "" when the page is one already or has none."""
    for element in structure.links(body):
        said = structure.text_of(element)
        if words.RAW.match(said) or words.RAW.match(element.get("title", "") or "-"):
            address = page.join(element.get("href", ""))
            same = addresses.host_port(address) == addresses.host_port(page.address)
            if same and not addresses.changes_something(address):
                return address
    return ""


def short(state: str) -> str:
    """States cross to the supervisor; a row's words need not."""
    return f"row:{hashlib.blake2b(state.encode(), digest_size=12).hexdigest()}" if state else ""
