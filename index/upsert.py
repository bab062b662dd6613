"""Insert or update, in the dialects that the record speaks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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
    dialect = session.get_bind().dialect.name
    names = tuple(name for name in rows[0] if name not in {*keys, *kept})
    session.execute(_statement(dialect, table, tuple(keys), names), rows)


@lru_cache(maxsize=64)
def _statement(
    dialect: str, table: type[Base], keys: tuple[str, ...], names: tuple[str, ...]
) -> postgresql.Insert | sqlite.Insert:
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    changed = {name: statement.excluded[name] for name in names}
    if changed:
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement.on_conflict_do_nothing(index_elements=keys)
