"""Spirit: log-in form, topics, replies, private topics, each with the CSRF field of its form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from vigie.demo.clients.http import Posted, Session, hidden_field, same_words
from vigie.demo.errors import PosterError

CSRF = "csrfmiddlewaretoken"
LIST_PAGES = 10


class ForumClient:
    """Several accounts of one forum; each logs in at its first post."""

    def __init__(self, address: str, passwords: Mapping[str, str]) -> None:
        self.address = address.rstrip("/")
        self._passwords = passwords
        self._sessions: dict[str, Session] = {}
        self._tokens: dict[str, str] = {}
        self._categories: dict[str, str] = {}

    def topic(self, author: str, category: str, title: str, text: str) -> Posted:
        """A new topic; its first comment holds the text."""
        fields = {"category": self._category(author, category), "title": title, "comment": text}
        return self._publish(author, "/topic/publish/", fields)

    def private_topic(self, author: str, invited: str, title: str, text: str) -> Posted:
        """A topic that only its author and the invited account can read."""
        fields = {"title": title, "users": invited, "comment": text}
        return self._publish(author, "/topic/private/publish/", fields)

    def reply(self, author: str, topic: str, text: str) -> Posted:
        """A reply to the topic at that address."""
        path = f"/comment/{topic_number(topic)}/publish/"
        return self._publish(author, path, {"comment": text})

    def find_topic(self, author: str, title: str, *, private: bool = False) -> Posted | None:
        """A topic of exactly that title on the first pages of the forum's list."""
        session = self._session(author)
        path = "/topic/private/" if private else "/"
        for page in range(1, LIST_PAGES + 1):
            listing = LexborHTMLParser(session.get(path, params={"page": page}).text)
            for link in listing.css("a[href*='/topic/']"):
                if link.text(strip=True) == title.strip():
                    return self._stands(session, link.attributes["href"] or "")
            if not listing.css_first(f"a[href*='page={page + 1}']"):
                return None
        return None

    def find_reply(self, author: str, topic: str, text: str) -> Posted | None:
        """A reply of these words, looked for from the topic's last page backwards."""
        session = self._session(author)
        plain = topic.partition("?")[0]
        numbers = [int(found) for found in re.findall(r"[?&]page=(\d+)", session.get(plain).text)]
        last = max(numbers, default=1)
        for page in range(last, max(0, last - LIST_PAGES), -1):
            shown = LexborHTMLParser(session.get(plain, params={"page": page}).text)
            for comment in reversed(shown.css(".js-comment")):
                if same_words(f"<body>{comment.html}</body>", text):
                    number = comment.attributes.get("data-pk")
                    return self._stands(session, f"/comment/{number}/find/")
        return None

    def close(self) -> None:
        """Close every account's connections."""
        for session in self._sessions.values():
            session.close()

    def _session(self, name: str) -> Session:
        if name not in self._sessions:
            session = Session(self.address)
            form = session.get("/user/login/").text
            credentials = {"username": name, "password": self._passwords[name]}
            token = hidden_field(form, CSRF)
            session.post("/user/login/", expect=(302,), data={**credentials, CSRF: token})
            # Logging in changes the token; it then holds as long as the session does.
            self._tokens[name] = hidden_field(session.get("/topic/publish/").text, CSRF)
            self._sessions[name] = session
        return self._sessions[name]

    def _publish(self, author: str, path: str, fields: dict[str, str]) -> Posted:
        session = self._session(author)
        token = {CSRF: self._tokens[author]}
        answer = session.post(path, expect=(302,), data={**fields, **token})
        return self._stands(session, answer.headers["location"])

    def _stands(self, session: Session, location: str) -> Posted:
        """Where a post is read: topic, page and comment. Spirit answers a reply with the
        comment's permalink, which leads there, and a topic with the topic's address."""
        found = urljoin(self.address, location)
        if "/comment/" in location:
            return Posted(urljoin(self.address, session.redirect(location)), (found,))
        first = LexborHTMLParser(session.get(location).text).css_first(".js-comment[data-pk]")
        if first is None:
            raise PosterError(f"A topic of the forum at {self.address} shows no comment.")
        number = first.attributes["data-pk"]
        return Posted(found, (f"{self.address}/comment/{number}/find/",))

    def _category(self, author: str, title: str) -> str:
        if not self._categories:
            form = LexborHTMLParser(self._session(author).get("/topic/publish/").text)
            for option in form.css("select[name='category'] option"):
                self._categories[option.text(strip=True)] = option.attributes.get("value") or ""
        if title not in self._categories:
            raise PosterError(
                f"The forum at {self.address} lacks one of the demo's categories: "
                "run the demo with --fresh."
            )
        return self._categories[title]


def topic_number(address: str) -> int:
    """The topic's number from its address; raises PosterError for another address."""
    found = re.search(r"/topic/(?:private/)?(\d+)/", address)
    if not found:
        raise PosterError("An address is no topic's: the forum is not what the demo expects.")
    return int(found[1])
