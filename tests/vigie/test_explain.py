"""What a scan tells people: masked, in their language, and nothing that steers a terminal."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.build import build
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import How, LeakRef, Match, ScanResult, TextLayer, Verdict, together
from matching.scan import Scanner
from tests import commands
from tests.matching import disguises
from tests.matching.disguises import Person
from vigie import console, scan_log
from vigie.config import ConfigError
from vigie.explain import Explained, explained, language, print_explanations
from vigie.scan_table import print_table

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egpj.exe\u2066\u200b\r\nverdict: none"


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Person]]:
    """Two leaks, "un" and "deux", of different people, with one key each."""
    folder = tmp_path_factory.mktemp("leaks")
    people = disguises.people(900, seed=17)
    for name, part in (("un", people[:500]), ("deux", people[500:])):
        csv = folder / f"{name}.csv"
        rows = [";".join(disguises.HEADER), *(";".join(one.columns()) for one in part)]
        csv.write_text("\n".join(rows) + "\n", "latin-1")
        key = new_key(folder / f"{name}.key")
        build(csv, key, folder / f"{name}.vfp", inspect(csv), name=name)
    return folder, people


def scan(
    leaks: Path, *arguments: object, cwd: Path, several: bool = False, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    pairs: list[object] = []
    for name in ("un", "deux") if several else ("un",):
        pairs += ["--leak", leaks / f"{name}.vfp", "--key", leaks / f"{name}.key"]
    told = {"COLUMNS": "200", "LC_ALL": "C.UTF-8", **environ}
    return commands.vigie("scan", *arguments, *pairs, cwd=cwd, env=told)


def open_scanner(leaks: Path) -> closing[Scanner]:
    """The leak "un", opened here."""
    return closing(Scanner(LeakRef(leaks / "un.vfp", leaks / "un.key")))


def values_of(person: Person) -> set[str]:
    """What of a person must stand nowhere."""
    return {person.surname, person.surname.title(), person.first, person.nir, person.phone,
            person.email, person.birthday, person.address} - {""}  # fmt: skip


WORDS = {
    "fr": ("Comment reconnu", "Vu (masqué)", "même valeur, autre notation", "Départ, a priori"),
    "en": ("How recognised", "Seen (masked)", "same value, other notation", "Start, the prior"),
}


def test_the_table_says_why_in_the_users_language_and_masks(
    leaks: tuple[Path, list[Person]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    person = leaks[1][40]
    phone = " ".join(person.phone[i : i + 2] for i in range(0, 10, 2))
    text = f"{person.first} {person.surname}, {phone}, {person.email}"
    (tmp_path / "p.txt").write_text(text)
    done = scan(leaks[0], "p.txt", "--explain", cwd=tmp_path, LC_ALL="fr_FR.UTF-8")
    assert done.returncode == 0, done.stderr
    with open_scanner(leaks[0]) as scanner:
        result = scanner.scan("p.txt", len(text), "", [TextLayer("", text)])
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    print_explanations([explained(result, [TextLayer("", text)])])
    for name, out in (("fr", done.stdout.decode()), ("en", capsys.readouterr().out)):
        for word in WORDS[name]:
            assert word in out
        if name == "fr":
            table = out.partition("p.txt : ")[0]
            assert "le plus fort" in table
            assert "ligne 40," in table
            for english in ("strongest", "people", " row ", "email"):
                assert english not in table
        assert "••• ••• ••• ••• •••" in out
        assert not [value for value in (*values_of(person), phone) if value in out]


def test_json_has_the_same_with_additional_keys_only(leaks: tuple[Path, list[Person]]) -> None:
    person = leaks[1][41]
    text = ";".join(person.columns())
    with open_scanner(leaks[0]) as scanner:
        result = scanner.scan("p.txt", len(text), "", [TextLayer("", text)])
    plain, told = result.to_json(), explained(result, [TextLayer("", text)]).to_json()
    match = told["matches"][0]
    why = match["why"]
    assert {**told, "matches": 0} == {**plain, "matches": 0}
    assert {key: match[key] for key in plain["matches"][0]} == plain["matches"][0]
    assert set(match) - set(plain["matches"][0]) == {"seen", "why"}
    assert (why["row"], why["prior_bits"]) == (41, -49)
    assert (why["review_bits"], why["alert_bits"]) == (35, 52)
    assert why["steps"][-1]["sum"] == pytest.approx(match["bits"], abs=0.2)
    assert {step["field"] for step in why["steps"]} - {"rest"} == set(match["fields"])
    assert len(match["seen"]) == len(match["fields"])
    written = json.dumps(told, ensure_ascii=False)
    assert not [value for value in values_of(person) if value in written]


def test_several_leaks_are_one_result_that_says_which_leak(
    leaks: tuple[Path, list[Person]], tmp_path: Path
) -> None:
    first, second = leaks[1][3], leaks[1][500 + 7]
    (tmp_path / "p.txt").write_text(";".join(first.columns()) + "\n" + ";".join(second.columns()))
    (tmp_path / "q.txt").write_text("rien")
    (tmp_path / "r.txt").write_text(";".join(second.columns()))
    done = scan(leaks[0], "p.txt", "q.txt", "r.txt", "--json", cwd=tmp_path, several=True)
    both, nothing, one = map(json.loads, done.stdout.splitlines())
    assert both["verdict"] == "fragment"
    assert {(match["leak"], match["row"]) for match in both["matches"]} == {("un", 3), ("deux", 7)}
    told = [(each["leak"], each["verdict"], each["records"]) for each in both["leaks"]]
    assert told == [("un", "fragment", 1), ("deux", "fragment", 1)]
    assert [each["verdict"] for each in nothing["leaks"]] == ["none", "none"]
    assert (one["verdict"], one["records"]) == ("fragment", 1)
    assert [each["verdict"] for each in one["leaks"]] == ["none", "fragment"]
    assert one["matches"][0]["leak"] == "deux"


def test_one_leak_given_twice_tells_a_record_once() -> None:
    match = Match("a", 1, 60.0, ("nir",), ((0, 5),))
    weaker = Match("a", 1, 55.0, ("nir",), ((0, 5),))
    results = [
        ScanResult("d", 1, "", Verdict.FRAGMENT, 1, 0, 1, 0.1, (each,)) for each in (weaker, match)
    ]
    found = together(["a", "a"], results)
    assert found.matches == (match,)
    assert together(["a"], results[:1]) is results[0]


def test_names_of_files_steer_no_terminal(leaks: tuple[Path, list[Person]], tmp_path: Path) -> None:
    line = ";".join(leaks[1][5].columns())
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / HOSTILE.replace("/", "")).write_text(line)
    (posts / HOSTILE.replace("/", "").replace("none", "broken.zip")).write_bytes(b"PK\x03\x04no")
    with (posts / os.fsdecode(b"bad-\xff\x9b.txt")).open("w") as file:
        file.write(line)
    for arguments in (("--explain",), ("--json", "--explain")):
        done = scan(leaks[0], "posts", *arguments, cwd=tmp_path)
        assert done.returncode in (0, 3), done.stderr
        for stream in (done.stdout.decode(), done.stderr.decode()):
            steering = {c for c in stream if unicodedata.category(c) in ("Cc", "Cf", "Cs")} - {"\n"}
            assert steering == set(), arguments
        if "--json" in arguments:
            told = [json.loads(each) for each in done.stdout.splitlines()]
            names = {Path(each["document"].split("!")[0]).name for each in told}
            assert HOSTILE in names
            assert "bad-\udcff\udc9b.txt" in names
        else:
            assert b"\\x1b[2J" in done.stdout


@given(st.text())
def test_what_is_shown_has_no_control_and_says_the_same(text: str) -> None:
    shown = console.visible(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert console.visible(shown) == shown


def test_the_ranges_are_those_of_unicode() -> None:
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.category(character) in hidden:
            assert console.UNSEEN.fullmatch(character), hex(number)
        elif 0x20 <= number < 0x7F:
            assert not console.UNSEEN.fullmatch(character)


def test_markup_in_text_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    match = Match(
        "[bold]x[/]", 1, 60.0, ("[red]f",), ((0, 3),), "[link=http://x]", (60.0,), ("exact",)
    )
    result = ScanResult("[/]", 1, "", Verdict.FRAGMENT, 1, 0, 1, 0.1, (match,))
    shown = explained(result, [TextLayer("[link=http://x]", "[blink]")])
    print_table([shown])
    print_explanations([shown])
    out = capsys.readouterr().out
    for text in ("[/]", "[bold]x[/]", "[red]f", "[link=http://x]"):
        assert text in out


def test_spans_outside_their_text_show_nothing() -> None:
    match = Match("a", 1, 60.0, ("nir", "phone", "email"), ((5, 99), (-3, 2), (3, 3)), "",
                  (20.0, 20.0, 20.0), ("exact",) * 3)  # fmt: skip
    result = ScanResult("d", 1, "", Verdict.FRAGMENT, 1, 0, 1, 0.1, (match,))
    assert explained(result, [TextLayer("", "secret")]).seen == (("", "", ""),)
    assert explained(result, []).seen == (("", "", ""),)


def test_the_language_is_that_of_the_locale() -> None:
    assert language({"LC_ALL": "fr_CA.UTF-8", "LANG": "en_GB"}) == "fr"
    assert language({"LC_ALL": "", "LANG": "FR"}) == "fr"
    assert language({"LC_MESSAGES": "de_DE", "LANG": "fr_FR"}) == "en"
    assert language({}) == "en"


# The scan log


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_scan_leaves_who_when_bytes_verdict_and_nothing_else(
    leaks: tuple[Path, list[Person]], tmp_path: Path
) -> None:
    person = leaks[1][8]
    state = tmp_path / "state"
    name = f"{person.surname}.txt"
    (tmp_path / name).write_text(";".join(person.columns()))
    scan(leaks[0], name, "missing.txt", cwd=tmp_path, XDG_STATE_HOME=str(state))
    log = state / "vigie" / "scans.jsonl"
    begin, document, missing = lines_of(log)
    assert set(begin) == {"at", "scan", "event", "who", "uid", "behind", "host", "leaks"}
    assert (begin["uid"], begin["leaks"]) == (os.getuid(), ["un"])
    assert set(document) == {"at", "scan", "event", "bytes", "verdict", "records"}
    assert document["bytes"] == (tmp_path / name).stat().st_size
    assert (document["verdict"], document["records"]) == ("fragment", 1)
    assert missing["verdict"] == "error"
    assert {line["scan"] for line in lines_of(log)} == {begin["scan"]}
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    written = log.read_text()
    assert not [value for value in values_of(person) if value in written]
    assert str(tmp_path) not in written
    # It only grows.
    scan(leaks[0], name, cwd=tmp_path, XDG_STATE_HOME=str(state))
    assert log.read_text().startswith(written)
    assert len(lines_of(log)) == 5


def test_with_a_configuration_the_log_lies_in_its_storage(
    leaks: tuple[Path, list[Person]], tmp_path: Path
) -> None:
    (tmp_path / "vigie.toml").write_text(
        f'[storage]\npath = "var"\nkey_file = "keys/r"\n[[leak]]\nfile = "{leaks[0] / "un.vfp"}"\n'
        f'key_file = "{leaks[0] / "un.key"}"\n'
    )
    (tmp_path / "p.txt").write_text("rien")
    done = commands.vigie("scan", "p.txt", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    log = tmp_path / "var" / "logs" / "scans.jsonl"
    assert [line["event"] for line in lines_of(log)] == ["begin", "document"]


def test_no_scan_goes_unlogged(leaks: tuple[Path, list[Person]], tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text(";".join(leaks[1][9].columns()))
    (tmp_path / "state").write_text("no folder")
    done = scan(leaks[0], "p.txt", "--json", cwd=tmp_path, XDG_STATE_HOME=str(tmp_path / "state"))
    assert (done.returncode, done.stdout) == (4, b"")
    assert b"scan log" in done.stderr
    assert b"Traceback" not in done.stderr
    # A link would lead the log elsewhere.
    (tmp_path / "scans.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="scan log"):
        scan_log.ScanLog(tmp_path / "scans.jsonl")


def test_a_disk_that_is_full_ends_the_scan_before_its_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = scan_log.ScanLog(tmp_path / "scans.jsonl")

    def full(_handle: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vigie.scan_log.os.write", full)
    with log, pytest.raises(ConfigError, match="No space left"):
        log.begin(["a"])


def test_every_code_of_how_reaches_the_table() -> None:
    match = Match(
        "a", 1, 60.0, ("phone",), ((0, 14),), "", (60.0,), (f"{How.LAST_DIGITS_HIDDEN}:4",)
    )
    result = ScanResult("d", 1, "", Verdict.FRAGMENT, 1, 0, 1, 0.1, (match,))
    shown = explained(result, [TextLayer("", "06 39 98 ** **")])
    assert isinstance(shown, Explained)
    assert shown.seen == (("••• ••• ••• ** **",),)
    assert shown.explanations()[0].steps[0].how == "last-digits-hidden:4"
