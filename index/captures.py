"""A capture's row and its first custody entry: made together, for ever together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from index.custody import enter
from index.facts import Fence, KeptPost, PageFacts
from index.schema import Capture


def add_capture(
    session: Session, fence: Fence, page: PageFacts, post: KeptPost, now: datetime
) -> Capture:
    """The row of a post that matched, flushed, and the log's entry of its capture. The sealed
    file's name is the SHA-256 of its bytes, so the entry holds the file to what it was."""
    capture = Capture(
        crawl=fence.crawl,
        source=fence.source,
        location=post.location,
        location_key=post.location_key,
        thread_key=post.thread_key,
        content_key=post.content_key,
        title=post.title,
        path=list(post.path),
        fetched_at=page.fetched_at,
        posted_at=post.posted_at,
        status=page.status,
        content_type=page.content_type,
        charset=page.charset,
        peer=page.peer,
        via=post.via,
        rendered=page.rendered,
        bytes=page.bytes,
        sha256=page.sha256,
        sealed=post.sealed,
        connection=dict(page.connection),
        commitments=dict(post.commitments),
    )
    session.add(capture)
    session.flush()
    enter(
        session.connection(),
        at=now,
        who="vigie",
        what="capture",
        item=f"capture:{capture.id}",
        detail={
            "sha256": page.sha256,
            "bytes": page.bytes,
            "sealed": post.sealed,
            "root": str(post.commitments.get("root", "")),
            "source": fence.source,
        },
    )
    if page.handed_in is not None:
        given = page.handed_in
        enter(
            session.connection(), at=now, who=given.who, what="hand-in",
            item=f"capture:{capture.id}", detail={"sha256": page.sha256, "source": fence.source},
            reason=given.origin,
        )  # fmt: skip
    return capture
