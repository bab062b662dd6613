"""What is posted where, and what a check may expect of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vigie.demo.leak import LeakRow

FORUM_LIMIT = 2_900  # characters; the forum refuses more than 3,000


class Channel(StrEnum):
    """The way a post takes to the reader."""

    BEPASTY = "bepasty"
    PINNWAND_LINKED = "pinnwand-linked-from-forum"
    PINNWAND_FEED = "pinnwand-feed"
    FORUM_TOPIC = "forum-topic"
    FORUM_REPLY = "forum-reply"
    FORUM_PAGE3 = "forum-page3"
    FORUM_PRIVATE = "forum-private"
    FORUM_LATE_REPLY = "forum-late-reply"
    JSBOARD = "jsboard"

    @property
    def on_forum(self) -> bool:
        """Whether the body itself stands in the forum, whose posts are short."""
        return self.value.startswith("forum-")


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """One post. `key` is unique in its round and the same for the same seed.

    `planted_rows` are the rows of the leak that stand in the body, none for an ordinary post.
    `others` are people who stand in the body and not in the leak. `marks` are texts made up
    for this one post, which nobody may find again when it did not match: in the body,
    or, when `mark_in_address`, a person's name in the title and the file name.
    """

    key: str
    kind: str
    channel: Channel
    title: str
    body: str
    filename: str = ""
    content_type: str = "text/plain"
    planted_rows: tuple[int, ...] = ()
    others: tuple[LeakRow, ...] = ()
    marks: tuple[str, ...] = ()
    mark_in_address: bool = False

    @property
    def is_planted(self) -> bool:
        """Whether an alert is due for it."""
        return bool(self.planted_rows)

    @property
    def marked(self) -> bool:
        """Whether a privacy search looks for its texts."""
        return bool(self.marks)
