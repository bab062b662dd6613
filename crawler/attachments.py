"""Archives, documents and pictures a crawl meets: read in a limited child of their own.

The crawl child reads texts itself. What needs a larger reader goes to `extraction.sandbox`, on
a thread of its own so that downloads go on, and costs at worst its own post.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from crawler import reporting
from crawler.messages import PostReport
from crawler.pages import Page, Post
from extraction.errors import ExtractionError
from extraction.html import visible_text
from extraction.layers import Extracted, Limits
from extraction.sandbox import Sandbox

LIMITS = Limits(
    max_text=64 * 1024 * 1024,
    max_unpacked=256 * 1024 * 1024,
    max_members=2_000,
    max_pictures=10,
    seconds=40.0,
    memory=1536 * 1024 * 1024,
)
MAX_WORDS = 100_000


class Attachments:
    """The limited child of one crawl; started when first needed."""

    def __init__(self) -> None:
        self._sandbox = Sandbox(LIMITS)
        # The kernel ends the child with the thread that started it: one thread, kept.
        self._thread = ThreadPoolExecutor(1, "attachments")

    async def reports(
        self,
        posts: Sequence[Post],
        texts: Sequence[Extracted],
        fresh: Sequence[int],
        shown: Page | None,
    ) -> list[PostReport]:
        """The reports of fresh posts; archives and documents are opened only for them. `shown` is
        the page that a raw view stands for."""
        told = []
        for i in fresh:
            found = texts[i]
            if found.deeper:
                found = await self.read(posts[i], found, words_around(posts, shown))
            told.append(reporting.post_report(posts[i], found))
        return told

    async def read(self, post: Post, shallow: Extracted, words: str) -> Extracted:
        """The post's texts, its archives and documents included; what fails is a note.

        `words` are those around the post: an archive's password may be among them.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._read, post, shallow, words)

    def _read(self, post: Post, shallow: Extracted, words: str) -> Extracted:
        body, kind = post.body, post.content_type
        if not body:
            outer = shallow.layers[0].text if shallow.layers else ""
            body, kind = outer.encode("utf-8", "replace"), "text/plain; charset=utf-8"
        hints = f"{post.title}\n{words}"[:MAX_WORDS]
        try:
            return self._sandbox.extract(body, content_type=kind, hints=hints)
        except ExtractionError as error:
            return replace(shallow, notes=(*shallow.notes, str(error)))

    def close(self) -> None:
        """End the child."""
        self._thread.submit(self._sandbox.close)
        self._thread.shutdown(wait=False)


def words_around(posts: Sequence[Post], page: Page | None) -> str:
    """The words on a page, and on the one it was fetched in place of."""
    texts = [post.text or visible_text(post.html) for post in posts if not post.body]
    if page is not None and page.is_html:
        texts.append(visible_text(page.text))
    return "\n".join(texts)
