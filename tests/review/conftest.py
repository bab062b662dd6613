"""A seeded record and the application on a real socket, with a browser's cookies."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from index.accounts import AccountStore
from index.embedded import EmbeddedIndex
from index.engine import checkpoint, open_record
from index.rebuild import rebuild
from review.server import serving
from review.settings import Settings
from tests.review.seeding import seed

# Opened by nobody: for tests that look at the routes alone.
NOWHERE = EmbeddedIndex(Path("nowhere/index.db"))
PASSWORD = "une phrase que personne ne devine"


@dataclass
class Served:
    """The application as a test reaches it."""

    engine: Engine
    accounts: AccountStore
    settings: Settings
    search: EmbeddedIndex

    @property
    def url(self) -> str:
        """Its address."""
        return self.settings.origin

    def guest(self, language: str = "fr") -> httpx.Client:
        """A client without a session."""
        return httpx.Client(base_url=self.url, headers={"accept-language": language}, timeout=20)

    @contextmanager
    def user(self, name: str = "jeanne", language: str = "fr") -> Iterator[httpx.Client]:
        """A client that is signed in, by link."""
        with self.guest(language) as client:
            token = self.accounts.new_login_token(name)
            answer = post(client, "/login/once", {"token": token}, page="/login/once")
            assert answer.status_code == 303, answer.text
            yield client


def csrf(html: str) -> str:
    """The token of a page's forms."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found, "the page has no form with a token"
    return found[1]


def post(
    client: httpx.Client, path: str, form: dict[str, str], *, page: str = "/alerts"
) -> httpx.Response:
    """Send a form as a browser does: with the page's token and our origin."""
    fields = {"csrf": csrf(client.get(page).text), **form}
    origin = str(client.base_url).rstrip("/")
    return client.post(path, data=fields, headers={"origin": origin})


def record_with_user(folder: Path, **seeding: int) -> tuple[Engine, AccountStore]:
    """A seeded record with the user jeanne."""
    engine = open_record(f"sqlite:///{folder / 'vigie.db'}")
    seed(engine, now=datetime.now(UTC), **seeding)
    accounts = AccountStore(engine)
    accounts.add("jeanne", PASSWORD)
    return engine, accounts


@contextmanager
def indexed(engine: Engine, folder: Path) -> Iterator[EmbeddedIndex]:
    """A search index in `folder` that holds what the record holds now."""
    with closing(EmbeddedIndex(folder / "index.db")) as search:
        rebuild(engine, search)
        yield search


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a seeded record and its search index, made once; tests take copies."""
    folder = tmp_path_factory.mktemp("seeded")
    engine, _ = record_with_user(folder)
    with indexed(engine, folder):
        checkpoint(engine)
    engine.dispose()
    return folder


@pytest.fixture
def served(tmp_path: Path, seeded: Path) -> Iterator[Served]:
    """A fresh record and application for one test."""
    storage = tmp_path / "storage"
    shutil.copytree(seeded, storage, symlinks=True)
    engine = open_record(f"sqlite:///{storage / 'vigie.db'}")
    with (
        closing(EmbeddedIndex(storage / "index.db")) as search,
        serving(engine, Settings(port=0), search) as settings,
    ):
        yield Served(engine, AccountStore(engine), settings, search)
    engine.dispose()
