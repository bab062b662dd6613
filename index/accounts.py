"""Who may sign in to the review application: users, sessions, one-time log-in links.

Only hashes are stored: argon2id of passwords, SHA-256 of tokens (which are 256 random bits, so a
plain hash is enough). A check of a password takes the same work whether or not the user exists.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from sqlalchemy import Connection, Engine, delete, insert, select, update

from index.custody import enter
from index.engine import reading, writing
from index.errors import RecordError
from index.schema import LoginToken, Session, User

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
MIN_PASSWORD, MAX_PASSWORD = 12, 1024
IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
LINK_LIFE = timedelta(minutes=15)
TOUCH = timedelta(minutes=1)
LANGUAGES = ("", "fr", "en")
# "legal" may see single values for a stated reason, export and delete; "analyst" may not.
ROLES = ("analyst", "legal")
NO_PASSWORD = "!"  # noqa: S105 - no argon2 hash: an account that is opened with log-in links only

# argon2's parameters of RFC 9106, second recommendation: 64 MiB a check. Two checks at once
# bound the memory that a flood of log-ins can take.
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_checks = threading.BoundedSemaphore(2)


def _hash_of_nothing() -> str:
    """A hash that no password fits, and that takes as much work to check as any other. It is drawn
    and not worked out, which would hold up each process that knows accounts."""

    def drawn(size: int) -> str:
        return base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()

    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, digest = drawn(_hasher.salt_len), drawn(_hasher.hash_len)
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


_decoy = _hash_of_nothing()


class AccountError(RecordError):
    """An account cannot be made, changed or opened; the message says why."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with a live session. `language` is "", "fr" or "en"."""

    name: str
    role: str
    language: str
    expires: datetime


def is_legal(role: str) -> bool:
    """Whether this role may export, join and close cases, start clocks and place holds."""
    return role == "legal"


def may_unmask(role: str) -> bool:
    """Whether this role may have one record opened."""
    return role == "legal"


def hash_token(token: str) -> str:
    """What is stored of a token: SHA-256 as 64 hex digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class AccountStore:
    """Users, sessions and log-in links in the record. Thread-safe; `now` is for tests."""

    def __init__(self, engine: Engine, now: Callable[[], datetime] = _utc_now) -> None:
        self._engine = engine
        self._now = now

    # Users

    def add(self, name: str, password: str | None, *, language: str = "") -> None:
        """Make a user; `password` None makes one who signs in by link only.

        Raises AccountError for a bad name, a short password or a name that is taken.
        """
        check_new(name, password)
        if language not in LANGUAGES:
            raise AccountError('The language is "fr" or "en".')
        hashed = NO_PASSWORD if password is None else _hash(password)
        with writing(self._engine) as connection:
            if _user(connection, name) is not None:
                raise AccountError(f"There is already a user {name}; choose another name.")
            connection.execute(
                insert(User).values(
                    name=name,
                    password=hashed,
                    role="analyst",
                    language=language,
                    disabled=False,
                    created=self._now(),
                )
            )
            self._act(connection, name, "user-add")

    def set_password(self, name: str, password: str) -> None:
        """Give a user a new password and end their sessions; raises AccountError."""
        hashed = _hash(password)
        with writing(self._engine) as connection:
            _must_exist(connection, name)
            connection.execute(update(User).where(User.name == name).values(password=hashed))
            _end_sessions(connection, name)
            self._act(connection, name, "user-password")

    def disable(self, name: str, *, disabled: bool = True) -> None:
        """Shut a user out at once, sessions and open links included, or let them in again."""
        with writing(self._engine) as connection:
            _must_exist(connection, name)
            connection.execute(update(User).where(User.name == name).values(disabled=disabled))
            if disabled:
                _end_sessions(connection, name)
            self._act(connection, name, "user-disable" if disabled else "user-enable")

    def set_role(self, name: str, role: str, who: str = "") -> None:
        """Give a user another role; raises AccountError."""
        if role not in ROLES:
            raise AccountError(f"A role is {' or '.join(ROLES)}.")
        with writing(self._engine) as connection:
            _must_exist(connection, name)
            before = connection.scalar(select(User.role).where(User.name == name))
            connection.execute(update(User).where(User.name == name).values(role=role))
            detail = {"from": before, "to": role}
            self._act(connection, who or name, "user-role", detail, f"user:{name}")

    def roles(self) -> dict[str, str]:
        """The role of every user."""
        with reading(self._engine) as connection:
            return dict(connection.execute(select(User.name, User.role)).all())

    def users(self) -> list[tuple[str, bool]]:
        """(name, disabled) of every user, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(User.name, User.disabled).order_by(User.name))
            return [(row.name, row.disabled) for row in rows]

    def must_exist(self, name: str) -> None:
        """Raise AccountError unless there is such a user."""
        with reading(self._engine) as connection:
            _must_exist(connection, name)

    def set_language(self, name: str, language: str) -> None:
        """Remember a user's language: "fr", "en", or "" for the browser's."""
        if language not in LANGUAGES:
            raise AccountError('The language is "fr" or "en".')
        with writing(self._engine) as connection:
            connection.execute(update(User).where(User.name == name).values(language=language))

    def check_password(self, untrusted_name: str, untrusted_password: str) -> bool:
        """Whether this name and password open an account; the work is the same for any name."""
        with reading(self._engine) as connection:
            row = _user(connection, untrusted_name)
        stored = _decoy if row is None or row.password == NO_PASSWORD else row.password
        right = _verify(stored, untrusted_password)
        return right and row is not None and stored is row.password and not row.disabled

    # Sessions

    def open_session(self, name: str, how: str) -> str:
        """Start a session and return its token, 256 random bits; `how`: "password" or "link"."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        with writing(self._engine) as connection:
            row = _user(connection, name)
            if row is None or row.disabled:
                raise AccountError(f"There is no enabled user {name}.")
            connection.execute(delete(Session).where(Session.expires < now))
            connection.execute(
                insert(Session).values(
                    token_hash=hash_token(token),
                    user=name,
                    created=now,
                    last_used=now,
                    expires=now + ABSOLUTE,
                )
            )
            self._act(connection, name, "login", {"how": how})
        return token

    def session(self, untrusted_token: str, *, touch: bool = True) -> SignedIn | None:
        """The user behind a cookie, or None when it is unknown, idle too long or expired.

        `touch` False looks without prolonging: what a page does by itself is no use of it.
        """
        now = self._now()
        hashed = hash_token(untrusted_token)
        query = (
            select(Session.last_used, Session.expires, User.name, User.role, User.language)
            .join(User, User.name == Session.user)
            .where(Session.token_hash == hashed, User.disabled.is_(False))
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None or now >= row.expires or now - row.last_used >= IDLE:
            return None
        if touch and now - row.last_used >= TOUCH:
            with writing(self._engine) as connection:
                connection.execute(
                    update(Session).where(Session.token_hash == hashed).values(last_used=now)
                )
        return SignedIn(row.name, row.role, row.language, row.expires)

    def close_session(self, untrusted_token: str) -> None:
        """Log out: the token opens nothing any more."""
        hashed = hash_token(untrusted_token)
        with writing(self._engine) as connection:
            name = connection.scalar(select(Session.user).where(Session.token_hash == hashed))
            connection.execute(delete(Session).where(Session.token_hash == hashed))
            if name is not None:
                self._act(connection, name, "logout")

    # One-time links

    def new_login_token(self, name: str, life: timedelta = LINK_LIFE) -> str:
        """A token that signs `name` in once within `life`; raises AccountError."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        with writing(self._engine) as connection:
            _must_exist(connection, name)
            connection.execute(delete(LoginToken).where(LoginToken.expires < now))
            connection.execute(
                insert(LoginToken).values(
                    token_hash=hash_token(token), user=name, expires=now + life, used=None
                )
            )
            self._act(connection, name, "login-link")
        return token

    def redeem(self, untrusted_token: str) -> str | None:
        """The user a link was made for, once; None when it is unknown, used or too old."""
        now = self._now()
        hashed = hash_token(untrusted_token)
        with writing(self._engine) as connection:
            # One UPDATE decides: of two browsers with the same link one gets the row.
            taken = connection.execute(
                update(LoginToken)
                .where(
                    LoginToken.token_hash == hashed,
                    LoginToken.used.is_(None),
                    LoginToken.expires > now,
                )
                .values(used=now)
            )
            if taken.rowcount != 1:
                return None
            name: str | None = connection.scalar(
                select(User.name)
                .join(LoginToken, LoginToken.user == User.name)
                .where(LoginToken.token_hash == hashed, User.disabled.is_(False))
            )
            return name

    # Acts

    def record_act(
        self, who: str, what: str, subject: str = "", detail: dict[str, Any] | None = None
    ) -> None:
        """Write down who did what, when. Never content."""
        with writing(self._engine) as connection:
            self._act(connection, who, what, detail, subject)

    def record_refusal(self, untrusted_name: str, how: str) -> None:
        """A refused log-in. The name is kept only when it is a user's: what is typed in its
        place may be a password or a person."""
        with writing(self._engine) as connection:
            known = _user(connection, untrusted_name) is not None
            who = untrusted_name if known else ""
            self._act(connection, who, "login-refused", {"how": how})

    def _act(
        self,
        connection: Connection,
        who: str,
        what: str,
        detail: dict[str, Any] | None = None,
        subject: str = "",
    ) -> None:
        enter(connection, at=self._now(), who=who, what=what, item=subject, detail=detail)


def _user(connection: Connection, untrusted_name: str) -> Any:
    if not NAME.fullmatch(untrusted_name):
        return None
    query = select(User.name, User.password, User.disabled).where(User.name == untrusted_name)
    return connection.execute(query).one_or_none()


def _must_exist(connection: Connection, name: str) -> None:
    if _user(connection, name) is None:
        raise AccountError(f"There is no user {name}; `vigie user list` names them all.")


def _end_sessions(connection: Connection, name: str) -> None:
    connection.execute(delete(Session).where(Session.user == name))
    connection.execute(delete(LoginToken).where(LoginToken.user == name))


def check_new(name: str, password: str | None) -> None:
    """Raise AccountError for a name or a password that no account can have."""
    if not NAME.fullmatch(name):
        raise AccountError(
            "A user name has 1 to 100 of the characters A-Z a-z 0-9 . _ @ - and begins with "
            "a letter or digit."
        )
    if password is not None and not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise AccountError(
            f"A password has at least {MIN_PASSWORD} characters (and at most {MAX_PASSWORD}); "
            "a sentence of a few words is good and easy to type."
        )


def _hash(password: str) -> str:
    check_new("any", password)
    with _checks:
        return _hasher.hash(password)


def _verify(stored: str, untrusted_password: str) -> bool:
    try:
        with _checks:
            return _hasher.verify(stored, untrusted_password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
