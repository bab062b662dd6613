"""The one door to the custody log: every act on anything that is kept, in the transaction that
does it. The log is append-only and hash-chained (index.chain); evidence.custody reads, exports,
time-stamps and verifies it. A row of `act` that did not come through here has no link and is
refused by the database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from index import chain
from index.schema import Act, CustodyHead


def enter(
    connection: Connection,
    *,
    at: datetime,
    who: str,
    what: str,
    item: str = "",
    detail: Mapping[str, Any] | None = None,
    reason: str = "",
) -> int:
    """Append one act and return its number in the log, the first being 1.

    `item` is what was acted on ("capture:17", "alert:3", "source:x"); `detail` holds texts, whole
    numbers and truth values, never content; `reason` is what the person wrote. The caller is in a
    write transaction: the entry stands or falls with what it tells of. Raises TypeError for a
    detail that has no canonical form.
    """
    head = connection.execute(select(CustodyHead.seq, CustodyHead.link).with_for_update()).one()
    seq, told = head.seq + 1, storable(detail or {})
    reason = _text(reason)
    salt, reason_salt = os.urandom(chain.SALT_BYTES), os.urandom(chain.SALT_BYTES)
    content = chain.content(
        seq=seq, at=at, who=who, what=what, item=item, detail=told,
        reason_sha256=chain.reason_digest(reason, reason_salt),
    )  # fmt: skip
    entry_digest = chain.digest(content, salt)
    link = chain.link(head.link, seq, entry_digest)
    connection.execute(
        insert(Act).values(
            at=at, who=who, what=what, subject=item, detail=told, reason=reason, seq=seq,
            salt=salt, reason_salt=reason_salt, digest=entry_digest, link=link,
        )
    )  # fmt: skip
    connection.execute(update(CustodyHead).values(seq=seq, link=link))
    return int(seq)


def storable(detail: Mapping[str, Any]) -> dict[str, Any]:
    """`detail` as every database gives it back: what is digested must be what is read again."""
    return {key: _value(value) for key, value in detail.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return storable(value)
    if isinstance(value, (list, tuple)):
        return [_value(inner) for inner in value]
    return value


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
