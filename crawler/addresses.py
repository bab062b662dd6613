"""Addresses as the crawler compares them, and those it never opens.

A canonical address has a lower-case scheme and host, no default port, no user part, no
fragment, no session id and no tracking parameter; the rest stays as the site wrote it, so that
it can be fetched.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from urllib.parse import SplitResult, parse_qsl, unquote, urljoin, urlsplit, urlunsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_ADDRESS = 8_000
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")

# Parameters that name the visitor or the way here, never the content.
SESSION_KEYS = frozenset(
    {"sid", "phpsessid", "jsessionid", "sessionid", "session_id", "asp.net_sessionid", "zenid",
     "fbclid", "gclid", "mc_cid", "mc_eid"}
)  # fmt: skip
SESSION_VALUE = re.compile(r"^[0-9a-fA-F]{32,64}$")

# A plain GET of such an address can change or destroy what we watch: some software deletes a
# paste or ends a session on GET. Compared with whole path segments and query words, so that a
# title with such a word in it is still read.
CHANGING = frozenset(
    {"delete", "del", "remove", "destroy", "trash", "purge", "erase", "undelete", "restore",
     "edit", "update", "modify", "rename", "move", "merge", "split", "lock", "unlock", "pin",
     "unpin", "sticky", "close", "reopen", "approve", "ban", "unban", "logout", "log-out",
     "log_out", "signout", "sign-out", "sign_out", "logoff", "deconnexion", "déconnexion",
     "star", "unstar",
     "vote", "upvote", "downvote", "rate", "like", "unlike", "react", "thank", "thanks", "flag",
     "report", "spam", "markread", "mark-read", "mark_read", "mark-as-read", "markasread",
     "mark_as_read", "mark", "markall", "markforumread", "subscribe", "unsubscribe", "watch",
     "unwatch", "follow", "unfollow", "bookmark", "favorite", "favourite", "addbuddy", "ignore",
     "friend", "unfriend", "buy", "purchase", "checkout", "pay", "donate", "install", "upload",
     "publish", "newreply", "newthread", "newtopic", "postreply", "posting", "sendmessage",
     "invite", "join", "leave", "register", "signup", "sign-up", "password-reset", "setkv",
     "abort", "burn", "supprimer", "effacer", "modifier", "signaler", "voter", "fork", "clone",
     "repaste", "viewpoll", "dopost"}
)  # fmt: skip
# The same for what scripts are told to do (action=deletemsg, editpost.php), where software writes
# verb and thing in one word; there a beginning is enough, since no title stands there.
DOING_KEYS = frozenset({"action", "act", "do", "mode", "op", "sa", "cmd", "method", "task", "area"})
DOING = re.compile(
    r"(?:add(?!itional|ons|ress)|announce|approve|ban(?!k|ner)|bookmark|buddy|burn|clear|confirm|"
    r"delet|del(?:_|att|com|msg|post|thread|topic)|destroy|dismiss|edit|email|favou?rit|ignore|"
    r"jsmodify|like|lock|log_?out|mark(?!et|down)|merge|moderat|modify|move|newreply|newthread|"
    r"newtopic|notify|post\d|quick|quotefast|rate|regist|remove|remtopic|reply|report|restore|"
    r"save|send|split|sticky|subscri|toggle|unapprove|unban|undelete|unlike|unlock|unstick|unsub|"
    r"unwatch|upload|vote|warn)"
)
SCRIPT = re.compile(r"(.+)\.(?:php\d?|cgi|pl|aspx?|jsp|do|cfm)")
# A link that carries a proof against forged requests was made to change something.
PROOFS = frozenset(
    {"my_post_key", "logouthash", "logout_hash", "deletetoken", "delete_token", "delete_key",
     "csrf", "csrf_token", "csrftoken", "csrfmiddlewaretoken", "authenticity_token", "_token",
     "_wpnonce", "sesc", "form_token", "securitytoken", "xsrf_token"}
)  # fmt: skip
# What a number in an address may count, besides a letter alone.
COUNTED = "post|paste|topic|thread|message|msg|item|page|note|node|comment|reply|view|show|file"
NUMBERED = re.compile(rf"(?:[a-z]|{COUNTED})[-_]?([0-9]{{1,7}})")
WORD = re.compile(r"[^\W_]+(?:[-_][^\W_]+)*", re.UNICODE)


# What a page says is asked for several times while it is read.
@lru_cache(maxsize=4096)
def parse(untrusted_address: str) -> SplitResult | None:
    """The parts of an http or https address; None for any other text."""
    text = untrusted_address.strip()
    if not text or len(text) > MAX_ADDRESS or CONTROLS.search(text):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname or port == 0:
        return None
    return parts


def join(base: str, untrusted_reference: str) -> str:
    """A reference made absolute, without fragment; "" when it is no http address."""
    try:
        joined = urljoin(base, untrusted_reference.strip())
    except ValueError:
        return ""
    parts = parse(joined)
    return "" if parts is None else urlunsplit(parts._replace(fragment=""))


def join_whole(base: str, untrusted_reference: str) -> str:
    """As `join`, with the fragment: some sites hold a key there."""
    plain = join(base, untrusted_reference)
    fragment = untrusted_reference.partition("#")[2].strip()
    return f"{plain}#{fragment}" if plain and fragment else plain


@lru_cache(maxsize=4096)
def host_port(untrusted_address: str) -> str:
    """ "host:port", the default port left out; "" when it is no http address."""
    parts = parse(untrusted_address)
    if parts is None:
        return ""
    host = (parts.hostname or "").rstrip(".").lower()
    host = f"[{host}]" if ":" in host else host
    standard = DEFAULT_PORTS[parts.scheme.lower()]
    return host if parts.port in (None, standard) else f"{host}:{parts.port}"


def path_of(untrusted_address: str) -> str:
    """The path of an http address; "" when it is none."""
    parts = parse(untrusted_address)
    return parts.path if parts is not None else ""


@lru_cache(maxsize=4096)
def canonical(untrusted_address: str) -> str:
    """The canonical form; "" when it is no http address."""
    parts = parse(untrusted_address)
    if parts is None:
        return ""
    query = parts.query
    if query:
        # Some software parts parameters with ";"; what is kept stays exactly as written.
        pieces = re.split(r"([&;])", query)
        kept = [
            (mark, piece)
            for mark, piece in zip(["&", *pieces[1::2]], pieces[::2], strict=True)
            if not any(_of_the_visitor(*pair) for pair in parse_qsl(piece, keep_blank_values=True))
        ]
        query = "".join(mark + piece for mark, piece in kept)[1:]
    path = re.sub(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", "", parts.path, flags=re.IGNORECASE)
    return urlunsplit((parts.scheme.lower(), host_port(untrusted_address), path or "/", query, ""))


def _of_the_visitor(key: str, value: str) -> bool:
    lowered = key.lower()
    if lowered in SESSION_KEYS or lowered.startswith("utm_"):
        return True
    return lowered == "s" and SESSION_VALUE.match(value) is not None


@lru_cache(maxsize=2048)
def changes_something(untrusted_address: str) -> bool:
    """Whether opening the address may delete, edit, vote, end a session or mark as read."""
    parts = parse(untrusted_address)
    if parts is None:
        return True
    segments = unquote(parts.path).lower().strip("/").split("/")
    for number, segment in enumerate(segments, start=1):
        if segment == "upload" and number < len(segments):
            continue  # what was uploaded lies behind; nothing is sent by GET
        stem = segment.strip("+-_!~.").rsplit(".", 1)[0]
        if segment and (stem in CHANGING or segment in CHANGING):
            return True
        script = SCRIPT.fullmatch(segment)
        if script and DOING.match(script[1]):
            return True
    for piece in re.split(r"[&;]", parts.query):
        words = [w.strip() for w in unquote(piece.replace("+", " ")).lower().split("=")[:2]]
        if any(word in CHANGING for word in words) or words[0] in PROOFS:
            return True
        if len(words) == 2 and words[0] in DOING_KEYS and DOING.match(words[1]):
            return True
    return False


def same_site(untrusted_address: str, hosts: frozenset[str]) -> bool:
    """Whether the address lies on one of the hosts ("host:port"); "www." makes no difference."""
    host = host_port(untrusted_address)
    return bool(host) and (host in hosts or host.removeprefix("www.") in hosts)


def site_hosts(addresses: tuple[str, ...]) -> frozenset[str]:
    """The hosts that `same_site` compares with."""
    found = {host_port(address) for address in addresses} - {""}
    return frozenset(found | {host.removeprefix("www.") for host in found})


def identifiers(address: str) -> tuple[str, ...]:
    """Parts of an unknown site's address that a machine made: short numbers, also behind the
    word or letter for what they number ("post-17", "p2"), and mixed tokens.

    Narrow on purpose: what is returned may stay readable where addresses are masked, so a
    birth date, a phone number or a name must not pass.
    """
    parts = parse(address)
    if parts is None:
        return ()
    pieces = [piece for piece in re.split(r"[/.]", parts.path) if piece]
    pieces += [value for _, value in parse_qsl(parts.query)]
    found: list[str] = []
    for piece in pieces:
        numbered = NUMBERED.fullmatch(piece)
        if numbered:
            found += [piece, numbered[1]]
        elif _machine_made(piece):
            found.append(piece)
    return tuple(dict.fromkeys(found))


def _machine_made(piece: str) -> bool:
    if piece.isascii() and piece.isdigit():
        return len(piece) <= 7
    if not re.fullmatch(r"[0-9A-Za-z]{8,64}", piece):
        return False
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(piece))
    return changes >= 3
