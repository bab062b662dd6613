"""A round of planned posts as errands: which client, which thread, in which order.

A planned post says its channel; here a channel becomes calls on the sites' clients. The forum's
own threads (a long one whose third page matters, one that is answered late, one of links) are
opened for each round. One lane a site, each lane in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from vigie.demo.clients import BepastyClient, ForumClient, JsBoardClient, PinnwandClient, Posted
from vigie.demo.errors import PosterError
from vigie.demo.journal import Journal
from vigie.demo.posts.post import Channel, PlannedPost
from vigie.demo.sites.forum import AUTHORS, CATEGORIES, OBSERVER

FORUM, PINNWAND, BEPASTY, BOARD = "forum", "pinnwand", "bepasty", "board"
BEFORE_PAGE_3 = 40  # comments on the two pages before, the opening one among them
LATE_SHARE = 0.15
LONG, LATE, LINKS = "thread-long", "thread-late", "thread-links"
THREADS = {
    LONG: ("Le grand fil du mois ({n})", "On met tout ici, comme d'habitude. Bonne lecture !"),
    LATE: ("Questions en attente ({n})", "Je repasserai répondre dans la semaine."),
    LINKS: ("Liens utiles, suite ({n})", "Vos trouvailles, une par message, merci."),
}
FILLERS = (
    "Bien vu, merci pour le partage.",
    "Je n'avais pas pensé à regarder de ce côté.",
    "Pareil ici depuis la mise à jour, rien de grave.",
    "Quelqu'un a essayé avec la version précédente ?",
    "Je suis le fil, ça m'intéresse aussi.",
    "On en reparle lundi, bon week-end à tous.",
)


@dataclass(frozen=True, slots=True)
class Clients:
    """One client a site."""

    forum: ForumClient
    pinnwand: PinnwandClient
    bepasty: BepastyClient
    board: JsBoardClient

    def close(self) -> None:
        """Close every connection."""
        for client in (self.forum, self.pinnwand, self.bepasty, self.board):
            client.close()


@dataclass(frozen=True, slots=True)
class Errand:
    """One post to make. `find` looks for it after a kill; `answers` is the key of the thread
    that must have been crawled before it is made; `feed`: its address goes to the operator's
    list."""

    key: str
    kind: str
    site: str
    post: Callable[[], Posted]
    find: Callable[[], Posted | None]
    rows: tuple[int, ...] = ()
    answers: str = ""
    late: bool = False
    feed: bool = False


class Errands:
    """Makes the errands of one round from its plan. The same plan and round give the same."""

    def __init__(self, clients: Clients, journal: Journal, number: int) -> None:
        self._clients = clients
        self._journal = journal
        self._round = number
        self._random = Random(f"errands {number}")

    def lanes(self, plan: Sequence[PlannedPost]) -> dict[str, list[Errand]]:
        """Errands by site. The last part of each lane is `late`: for while the crawl goes on."""
        by_channel: dict[Channel, list[PlannedPost]] = {channel: [] for channel in Channel}
        for post in plan:
            by_channel[post.channel].append(post)
        found = {
            FORUM: self._forum(by_channel),
            PINNWAND: [self._fed(post) for post in self._mixed(by_channel[Channel.PINNWAND_FEED])],
            BEPASTY: [self._listed(post) for post in self._mixed(by_channel[Channel.BEPASTY])],
            BOARD: [self._on_board(post) for post in self._mixed(by_channel[Channel.JSBOARD])],
        }
        return {site: _with_late_part(errands) for site, errands in found.items()}

    def _mixed(self, posts: Iterable[PlannedPost]) -> list[PlannedPost]:
        mixed = sorted(posts, key=lambda post: post.key)
        self._random.shuffle(mixed)
        return mixed

    def _forum(self, by_channel: dict[Channel, list[PlannedPost]]) -> list[Errand]:
        threads = [self._thread(name) for name in THREADS]
        replies = self._mixed(by_channel[Channel.FORUM_REPLY])
        first = replies[: BEFORE_PAGE_3 - 1]
        long = [self._reply(post, LONG) for post in first]
        long += [self._filler(number) for number in range(BEFORE_PAGE_3 - 1 - len(first))]
        deep = [self._reply(post, LONG) for post in self._mixed(by_channel[Channel.FORUM_PAGE3])]
        topics = self._mixed(by_channel[Channel.FORUM_TOPIC])
        hosts = [post.key for post in topics if not post.is_planted] or [LONG]
        rest: list[list[Errand]] = [[self._topic(post)] for post in topics]
        rest += [[self._private(post)] for post in self._mixed(by_channel[Channel.FORUM_PRIVATE])]
        rest += [self._linked(post) for post in by_channel[Channel.PINNWAND_LINKED]]
        self._random.shuffle(rest)
        answered = [self._reply(post, self._random.choice(hosts)) for post in replies[len(first) :]]
        late = [
            self._reply(post, LATE, answers=LATE)
            for post in self._mixed(by_channel[Channel.FORUM_LATE_REPLY])
        ]
        return [*threads, *long, *deep, *(one for some in rest for one in some), *answered, *late]

    def _thread(self, name: str) -> Errand:
        title, text = THREADS[name]
        return self._opening(name, "thread", title.format(n=self._round), text)

    def _topic(self, post: PlannedPost) -> Errand:
        return self._opening(post.key, post.kind, post.title, post.body, post.planted_rows)

    def _opening(
        self, key: str, kind: str, title: str, text: str, rows: tuple[int, ...] = ()
    ) -> Errand:
        forum, author = self._clients.forum, self._random.choice(AUTHORS)
        category = self._random.choice(CATEGORIES)
        return Errand(
            key,
            kind,
            FORUM,
            post=lambda: forum.topic(author, category, title, text),
            find=lambda: forum.find_topic(author, title),
            rows=rows,
        )

    def _private(self, post: PlannedPost) -> Errand:
        forum, author = self._clients.forum, self._random.choice(AUTHORS)
        return Errand(
            post.key,
            post.kind,
            FORUM,
            post=lambda: forum.private_topic(author, OBSERVER, post.title, post.body),
            find=lambda: forum.find_topic(author, post.title, private=True),
            rows=post.planted_rows,
        )

    def _reply(self, post: PlannedPost, thread: str, *, answers: str = "") -> Errand:
        return self._answer(
            post.key, post.kind, thread, lambda: post.body, rows=post.planted_rows, answers=answers
        )

    def _filler(self, number: int) -> Errand:
        text = f"{FILLERS[number % len(FILLERS)]} ({number + 1})"
        return self._answer(f"filler-{number}", "filler", LONG, lambda: text)

    def _linked(self, post: PlannedPost) -> list[Errand]:
        """A paste on the site without a list, and the reply whose link alone leads to it."""
        paste = self._unlisted(post, f"{post.key}-paste", feed=False)
        said = self._random.choice(FILLERS)
        link = self._answer(
            post.key,
            "link",
            LINKS,
            lambda: f"{post.title or said}\n\n{self._where(paste.key)}",
        )
        return [paste, link]

    def _answer(
        self,
        key: str,
        kind: str,
        thread: str,
        text: Callable[[], str],
        *,
        rows: tuple[int, ...] = (),
        answers: str = "",
    ) -> Errand:
        forum, author = self._clients.forum, self._random.choice(AUTHORS)
        return Errand(
            key,
            kind,
            FORUM,
            post=lambda: forum.reply(author, self._where(thread), text()),
            find=lambda: forum.find_reply(author, self._where(thread), text()),
            rows=rows,
            answers=answers,
        )

    def _fed(self, post: PlannedPost) -> Errand:
        return self._unlisted(post, post.key, feed=True)

    def _unlisted(self, post: PlannedPost, key: str, *, feed: bool) -> Errand:
        pinnwand = self._clients.pinnwand
        return Errand(
            key,
            post.kind,
            PINNWAND,
            post=lambda: pinnwand.paste(post.body),
            find=lambda: None,
            rows=post.planted_rows,
            feed=feed,
        )

    def _listed(self, post: PlannedPost) -> Errand:
        bepasty = self._clients.bepasty
        name = post.filename or f"{post.key}.txt"
        return Errand(
            post.key,
            post.kind,
            BEPASTY,
            post=lambda: bepasty.paste(name, post.body, content_type=post.content_type),
            find=lambda: bepasty.find(name),
            rows=post.planted_rows,
        )

    def _on_board(self, post: PlannedPost) -> Errand:
        board, author = self._clients.board, self._random.choice(AUTHORS)
        return Errand(
            post.key,
            post.kind,
            BOARD,
            post=lambda: board.publish(author, post.title, post.body),
            find=lambda: board.find(author, post.title),
            rows=post.planted_rows,
        )

    def _where(self, key: str) -> str:
        entry = self._journal.entry(self._round, key)
        if entry is None:
            raise PosterError(f"{key} of round {self._round} was not posted before its answer.")
        return entry.address


def _with_late_part(errands: list[Errand]) -> list[Errand]:
    """The last of the lane marked late."""
    begin = len(errands) - max(1, int(len(errands) * LATE_SHARE))
    return [replace(one, late=True) if at >= begin else one for at, one in enumerate(errands)]
