"""Users, sessions and one-time links in a real record."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import Engine, select, update

from index import accounts as module
from index.accounts import AccountError, AccountStore
from index.engine import open_record, reading
from index.schema import Act, LoginToken, Session, User

PASSWORD = "une phrase que personne ne devine"


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_record(f"sqlite:///{tmp_path / 'vigie.db'}")
    yield made
    made.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


# Her password is dear to hash, as it has to be: once for all tests.
hashed_once = cache(module._hash)


@pytest.fixture
def store(engine: Engine, clock: Clock) -> AccountStore:
    made = AccountStore(engine, clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_hash", hashed_once)
        made.add("jeanne", PASSWORD)
    return made


def test_a_password_opens_its_own_account_only(store: AccountStore) -> None:
    store.add("paul", "une tout autre phrase")
    assert store.check_password("jeanne", PASSWORD)
    assert not store.check_password("jeanne", PASSWORD + " ")
    assert not store.check_password("paul", PASSWORD)
    assert not store.check_password("nobody", PASSWORD)
    assert not store.check_password("", "")


def test_an_unknown_name_costs_as_much_work_as_a_known_one(
    store: AccountStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []

    def verify(stored: str, untrusted_password: str) -> bool:
        verified.append(stored)
        return False

    monkeypatch.setattr(module, "_verify", verify)
    store.check_password("jeanne", "x")
    store.check_password("nobody", "x")
    store.check_password("'; DROP TABLE user_account; --", "x")
    assert len(verified) == 3
    assert all(stored.startswith("$argon2id$") for stored in verified)
    parameters = {stored.split("$")[3] for stored in verified}
    assert len(parameters) == 1


def test_the_hash_of_nobody_is_read_and_checked_as_any_other() -> None:
    of_nobody, of_someone = module._decoy, hashed_once(PASSWORD)
    assert extract_parameters(of_nobody) == extract_parameters(of_someone)
    with pytest.raises(VerifyMismatchError):
        module._hasher.verify(of_nobody, PASSWORD)
    assert module._hash_of_nothing() != of_nobody


def test_nothing_stored_opens_anything(store: AccountStore, engine: Engine) -> None:
    session, link = store.open_session("jeanne", "password"), store.new_login_token("jeanne")
    with reading(engine) as connection:
        users = connection.execute(select(User)).all()
        sessions = connection.execute(select(Session)).all()
        links = connection.execute(select(LoginToken)).all()
        acts = connection.execute(select(Act)).all()
    text = repr((users, sessions, links, acts))
    for secret in (session, link, PASSWORD):
        assert secret not in text
    assert users[0].password.startswith("$argon2id$")
    for row in (*sessions, *links):
        assert store.session(row.token_hash) is None
        assert store.redeem(row.token_hash) is None


def test_a_session_ends_by_idleness_age_logout_and_disabling(
    store: AccountStore, clock: Clock
) -> None:
    token = store.open_session("jeanne", "password")
    clock.now += module.IDLE - timedelta(seconds=1)
    assert store.session(token) is not None
    clock.now += module.IDLE - timedelta(seconds=1)
    assert store.session(token) is not None, "use prolongs"
    clock.now += module.IDLE
    assert store.session(token) is None, "idle"

    token = store.open_session("jeanne", "password")
    start = clock.now
    while clock.now - start < module.ABSOLUTE - timedelta(minutes=30):
        clock.now += timedelta(minutes=30)
        assert store.session(token) is not None
    clock.now = start + module.ABSOLUTE
    assert store.session(token) is None, "too old however busy"

    token = store.open_session("jeanne", "password")
    store.close_session(token)
    assert store.session(token) is None
    token, link = store.open_session("jeanne", "password"), store.new_login_token("jeanne")
    store.disable("jeanne")
    assert store.session(token) is None
    assert store.redeem(link) is None
    assert not store.check_password("jeanne", PASSWORD)
    with pytest.raises(AccountError):
        store.open_session("jeanne", "password")


def test_being_disabled_shuts_out_and_nothing_old_comes_back(
    store: AccountStore, engine: Engine
) -> None:
    token, link = store.open_session("jeanne", "password"), store.new_login_token("jeanne")
    store.disable("jeanne")
    store.disable("jeanne", disabled=False)
    assert store.session(token) is None
    assert store.redeem(link) is None
    token, link = store.open_session("jeanne", "password"), store.new_login_token("jeanne")
    with engine.begin() as connection:  # a session that began at the very moment
        connection.execute(update(User).values(disabled=True))
    assert store.session(token) is None
    assert store.redeem(link) is None


def test_looking_without_touching_does_not_prolong(store: AccountStore, clock: Clock) -> None:
    token = store.open_session("jeanne", "password")
    for _ in range(4):
        clock.now += timedelta(minutes=14)
        assert store.session(token, touch=False) is not None
    clock.now += timedelta(minutes=5)
    assert store.session(token, touch=False) is None


def test_a_new_password_ends_what_was_open(store: AccountStore) -> None:
    token, link = store.open_session("jeanne", "password"), store.new_login_token("jeanne")
    store.set_password("jeanne", "une nouvelle phrase entière")
    assert store.session(token) is None
    assert store.redeem(link) is None
    assert not store.check_password("jeanne", PASSWORD)


def test_a_link_works_once_and_for_minutes(store: AccountStore, clock: Clock) -> None:
    token = store.new_login_token("jeanne")
    assert store.redeem(token + "x") is None
    assert store.redeem(token) == "jeanne"
    assert store.redeem(token) is None
    late = store.new_login_token("jeanne")
    clock.now += module.LINK_LIFE
    assert store.redeem(late) is None


def test_of_many_browsers_with_one_link_one_gets_in(store: AccountStore) -> None:
    token = store.new_login_token("jeanne")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(store.redeem, [token] * 8))
    assert sorted(filter(None, found)) == ["jeanne"]


def test_an_account_without_password_opens_by_link_only(store: AccountStore) -> None:
    store.add("demo", None)
    assert not store.check_password("demo", "!")
    assert not store.check_password("demo", "")
    assert store.redeem(store.new_login_token("demo")) == "demo"


@pytest.mark.parametrize("name", ["", "-x", "a b", "é", "x" * 101, "a\n", "<script>"])
def test_bad_names_are_refused(store: AccountStore, name: str) -> None:
    with pytest.raises(AccountError):
        store.add(name, PASSWORD)


def test_bad_accounts_are_refused_with_the_way_out(store: AccountStore) -> None:
    with pytest.raises(AccountError, match="at least 12"):
        store.add("paul", "court")
    with pytest.raises(AccountError, match="already"):
        store.add("jeanne", PASSWORD)
    with pytest.raises(AccountError, match="fr"):
        store.add("paul", PASSWORD, language="de")
    for call in (store.disable, store.new_login_token, store.must_exist):
        with pytest.raises(AccountError, match="no user"):
            call("nobody")


def test_a_refused_name_is_kept_only_when_it_is_a_user(store: AccountStore, engine: Engine) -> None:
    store.record_refusal("jeanne", "password")
    store.record_refusal("Martine Dupont 1984", "password")
    with reading(engine) as connection:
        acts = connection.execute(select(Act.who).where(Act.what == "login-refused")).scalars()
        assert list(acts) == ["jeanne", ""]
