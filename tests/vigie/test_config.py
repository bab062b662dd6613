"""Every mistake in vigie.toml ends in one sentence that names key and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie import config
from vigie.wiring import spec_of

GOOD = """\
[storage]
path = "var"

[[leak]]
file = "leak.vfp"
key_file = "keys/leak.key"

[[source]]
id = "one"
start = ["https://paste.example/"]
every = "90s"
authority_until = 2027-06-30
feeds = ["feed.txt", "https://list.example/new"]

[[source.account]]
username = "observer"
password_file = "secrets/one"

[[source]]
id = "two"
start = ["https://forum.example/"]
delay = 0.5
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "vigie.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_become_absolute_and_durations_seconds(tmp_path: Path) -> None:
    read = config.load(write(tmp_path, GOOD))
    assert read.storage.path == tmp_path / "var"
    assert read.leak[0].key_file == tmp_path / "keys/leak.key"
    assert read.source[0].every == 90.0
    assert read.source[0].account[0].password_file == tmp_path / "secrets/one"
    assert read.source[0].feeds == [(tmp_path / "feed.txt").as_uri(), "https://list.example/new"]
    assert read.database_url == f"sqlite:///{tmp_path}/var/vigie.db"


def test_a_relative_database_is_relative_to_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[storage]\ndatabase = "sqlite:///var/other.db"\n')
    assert config.load(path).database_url == f"sqlite:///{tmp_path}/var/other.db"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("", None), ('"90d"', 7_776_000.0), ('"12h"', 43_200.0), ("60", 60.0), ('"all"', None)],
)
def test_how_far_back_a_first_crawl_reads(tmp_path: Path, said: str, seconds: float | None) -> None:
    line = f"since = {said}\n" if said else ""
    section = f'[[source]]\nid = "a"\nstart = ["http://a/"]\n{line}'
    (read,) = config.load(write(tmp_path, section)).source
    assert spec_of(read).since == seconds
    kept = config.SourceConfig.model_validate(read.model_dump(mode="json"))
    assert kept.since == seconds, "as the record keeps it"


@pytest.mark.parametrize("said", ['"90 days"', '"ever"', '""', "-1", "true", "nan", "[]"])
def test_a_since_that_is_none_is_told(tmp_path: Path, said: str) -> None:
    section = f'[[source]]\nid = "a"\nstart = ["http://a/"]\nsince = {said}\n'
    with pytest.raises(config.ConfigError) as caught:
        config.load(write(tmp_path, section))
    told = str(caught.value)
    assert "line 4: source.0.since: is how far back the first crawl reads: write for" in told
    assert '"90d", or "all"' in told


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ('path = "var"', 'paht = "var"', 2, "storage.paht"),
        ('id = "two"', 'id = "two"\ncolour = "red"', 21, "source.1.colour"),
        ('every = "90s"', 'every = "soon"', 11, "source.0.every"),
        ('username = "observer"', 'user = "observer"', 16, "source.0.account.0.user"),
        ("delay = 0.5", 'delay = "-1s"', 22, "source.1.delay"),
        ("[[leak]]", "[lake]\nx = 1\n\n[[leak]]", 4, "lake"),
    ],
)
def test_a_mistake_names_its_key_and_line(
    tmp_path: Path, old: str, new: str, line: int, key: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(config.ConfigError) as caught:
        config.load(path)
    assert f"line {line}: {key}:" in str(caught.value)


RESOLVER = '[[evidence.resolver]]\nname = "a"\naddress = "{}"\n'
ACCOUNT = "[[source.account]]\nusername = {}\n"
SOURCE = '[[source]]\nid = "{}"\nstart = ["http://a/"]\n[[source.account]]\nusername = {}\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[evidence]\nclocks = ["https://a.example/",\n "b"]', 2),
        (RESOLVER.format("::1") + RESOLVER.format("b"), 6),
        (SOURCE.format("a", '"u"') + SOURCE.format("b", '"u"') + ACCOUNT.format(5), 12),
    ],
)
def test_of_several_the_line_of_the_wrong_one_is_named(
    tmp_path: Path, text: str, line: int
) -> None:
    with pytest.raises(config.ConfigError) as caught:
        config.load(write(tmp_path, text))
    assert f"line {line}: " in str(caught.value)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('[[source]]\nid = "a"\nstart = ["paste.example"]', "begins with http"),
        ('[[source]]\nid = "a b"\nstart = ["http://a.example/"]', "takes letters"),
        ('[[source]]\nid = "a"\nstart = ["http://a/"]\nrender = "yes"', "one of never, auto, al"),
        ('[[source]]\nid = "a"\nstart = ["http://a/"]\nrobots = "no"', 'is "obey", or "override'),
        ('[[source]]\nid = "a"\nstart = ["http://a/"]\nproxy = "x"', "socks5h://127"),
        (
            '[[source]]\nid = "a"\nstart = ["http://a/"]\nallow_addresses = ["10.0.0.1/8"]',
            "is no network",
        ),
        ('[[leak]]\nfile = "a"\nkey_file = "b"\nfiles = ["abc"]', "is no SHA-256"),
        ('[evidence]\nclocks = ["ntp.example.fr"]', "is no clock: write for example"),
        ('[evidence]\nclocks = ["ntp://a.example:x"]', "is no clock"),
        ('[evidence]\nclocks = ["ntp://"]', "is no clock"),
        ('[evidence]\nclocks = ["https://a.example/", "ftp://b.example/"]', "is no clock"),
        (
            '[[evidence.resolver]]\nname = "a"\naddress = "dns.example"',
            'is no address of a server: write for example "9.9.9.9"',
        ),
        (
            '[block]\ncontrol = { name = "a", address = "9.9.9.9:53" }',
            "is no address of a server",
        ),
        ('[gdpr]\nrole = "boss"', "is one of controller, processor"),
        ('[[evidence.authority]]\nname = "A B"\nurl = "https://a/"\nroots = "r"', "small letters"),
    ],
)
def test_a_wrong_value_says_what_is_wanted(tmp_path: Path, section: str, said: str) -> None:
    with pytest.raises(config.ConfigError, match="line ") as caught:
        config.load(write(tmp_path, section))
    assert said in str(caught.value)
    assert "pattern" not in str(caught.value)


def test_a_missing_key_names_the_section(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match=r"source\.0\.start: is missing"):
        config.load(write(tmp_path, '[[source]]\nid = "a"\n'))


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="one stands twice"):
        config.load(write(tmp_path, GOOD.replace('id = "two"', 'id = "one"')))


def test_no_file_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="vigie init"):
        config.load(tmp_path / "none.toml")


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="line 2"):
        config.load(write(tmp_path, "[storage]\npath = \n"))


def test_the_environment_overrides_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_REVIEW__PORT", "9001")
    monkeypatch.setenv("VIGIE_NOTIFY__URLS", "json://a,json://b")
    read = config.load(write(tmp_path, GOOD))
    assert read.review.port == 9001
    assert read.notify.urls == ["json://a", "json://b"]


def test_a_wrong_key_from_the_environment_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_STORAGE__PAHT", "x")
    with pytest.raises(config.ConfigError, match=r"^VIGIE_STORAGE__PAHT: storage\.paht"):
        config.load(write(tmp_path, GOOD))


@pytest.mark.parametrize("name", ["VIGIE_REVIEW__PORT", "VIGIE_REVEW__PORT"])
def test_a_mistake_in_the_environment_is_not_looked_for_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "abc")
    with pytest.raises(config.ConfigError, match=f"^{name}: re"):
        config.load(write(tmp_path, GOOD))
