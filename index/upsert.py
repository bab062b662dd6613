"""Insert or update, in the dialects that the record speaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from index.schema import Base


def upsert(
    session: Session,
    table: type[Base],
    rows: Sequence[dict[str, Any]],
    *,
    keys: Sequence[str],
    kept: Sequence[str] = (),
) -> None:
    """Insert `rows`; where `keys` are taken already, update every other column but `kept`."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in {*keys, *kept}}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    session.execute(statement, rows)
