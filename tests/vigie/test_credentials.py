"""Accounts are ready only when it is recorded whose they are, and their files are private."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vigie.config import AccountConfig, ConfigError, SourceConfig
from vigie.credentials import account_of
from vigie.wiring import spec_of

RECORD: dict[str, Any] = {
    "username": "observer", "opened_by": "M. Curie", "authority": "order of 3 March",
    "pseudonym": True,
}  # fmt: skip
SOURCE = SourceConfig(id="s", start=["https://forum.example/"])
COOKIES = ".forum.example\tTRUE\t/\tTRUE\t1893456000\tsid\tgeheim\n"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "file"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("missing", ["opened_by", "authority", "pseudonym"])
def test_an_account_of_which_nothing_is_recorded_is_not_used(missing: str, tmp_path: Path) -> None:
    told = {key: value for key, value in RECORD.items() if key != missing}
    account = AccountConfig(**told, password_file=written(tmp_path, "secret\n"))
    with pytest.raises(ConfigError, match=missing):
        account_of(account, SOURCE)
    with pytest.raises(ConfigError, match=missing):
        spec_of(SOURCE.model_copy(update={"account": [account]}))


def test_a_password_and_cookies(tmp_path: Path) -> None:
    by_word = AccountConfig(
        **RECORD, password_file=written(tmp_path, "secret\n"), hours="07:00-21:00"
    )
    assert account_of(by_word, SOURCE).password == "secret"
    by_cookie = AccountConfig(**RECORD, cookies_file=written(tmp_path, COOKIES), delay=5.0)
    ready = account_of(by_cookie, SOURCE)
    assert (ready.password, ready.delay, ready.cookies[0]["name"]) == ("", 5.0, "sid")
    assert "geheim" not in repr(ready)


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (COOKIES, 0o644, "can be read by others"),
        (COOKIES.replace("forum.example", "other.example"), 0o600, "holds no cookie of"),
        ("sid=geheim", 0o600, "not readable"),
    ],
)
def test_cookie_files_that_cannot_be_used(text: str, mode: int, said: str, tmp_path: Path) -> None:
    account = AccountConfig(**RECORD, cookies_file=written(tmp_path, text, mode))
    with pytest.raises(ConfigError, match=said) as caught:
        account_of(account, SOURCE)
    assert "geheim" not in str(caught.value)


def test_robots_txt_is_not_overridden_without_authority() -> None:
    source = SOURCE.model_copy(update={"robots": "override: the court says so"})
    with pytest.raises(ConfigError, match="authority"):
        spec_of(source)
    assert not spec_of(source.model_copy(update={"authority": "order"})).obeys_robots
    assert spec_of(SOURCE).obeys_robots
