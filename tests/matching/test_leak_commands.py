"""The commands as a user runs them: key, inspect, fingerprint, info, scan."""

from __future__ import annotations

import base64
import json
import os
import pty
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from matching.build import build
from matching.inspect import inspect
from matching.kernel import BUILDING
from matching.keys import load_key
from native.compiled import is_compiled
from tests import commands
from tests.extraction import samples
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk


def vigie(*arguments: object, stdin: bytes = b"", cwd: Path | None = None) -> tuple[int, str, str]:
    done = commands.vigie(*arguments, stdin=stdin, cwd=cwd, env={"COLUMNS": "200"})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def scanned(leak: LeakOnDisk, *arguments: object, **more: Any) -> tuple[int, list[dict[str, Any]]]:
    status, out, err = vigie(
        "scan", *arguments, "--leak", leak.ref.file, "--key", leak.ref.key_file, "--json", **more
    )
    assert "Traceback" not in err
    return status, [json.loads(line) for line in out.splitlines()]


def test_from_a_file_to_a_verdict(tmp_path: Path) -> None:
    people = disguises.people(300, seed=21)
    rows = [";".join(disguises.HEADER), *(";".join(p.columns()) for p in people)]
    rows[5] = "une;ligne;cassée"
    (tmp_path / "fuite.csv").write_text("\n".join(rows), "latin-1")
    assert vigie("key", "new", "k", cwd=tmp_path)[0] == 0
    assert vigie("key", "new", "k", cwd=tmp_path)[0] == 4
    status, out, _ = vigie("leak", "inspect", "fuite.csv", cwd=tmp_path)
    assert status == 0
    (tmp_path / "schema.toml").write_text(out)
    status, out, _ = vigie("leak", "inspect", "fuite.csv", "--json", cwd=tmp_path)
    assert json.loads(out)["columns"]["NUM_SS"] == "nir"
    made = ("leak", "fingerprint", "fuite.csv", "--key", "k", "-o", "leak.vfp")
    status, out, err = vigie(*made, "--schema", "schema.toml", "--name", "labo", cwd=tmp_path)
    assert status == 0
    assert "300 rows" in out
    assert "1 broken row(s) without fingerprint (counted from 0): 4" in err
    status, out, _ = vigie("leak", "info", "leak.vfp", "--json", cwd=tmp_path)
    told = json.loads(out)
    assert (told["name"], told["rows"], told["broken_rows"]) == ("labo", 300, 1)
    text = ";".join(people[17].columns()).encode()
    scan = ("scan", "-", "--leak", "leak.vfp", "--key", "k")
    status, out, _ = vigie(*scan, "--json", stdin=text, cwd=tmp_path)
    result = json.loads(out)
    assert status == 0
    assert result["verdict"] == "fragment"
    assert result["matches"][0]["row"] == 17
    assert result["matches"][0]["leak"] == "labo"
    status, out, _ = vigie(*scan, stdin=text, cwd=tmp_path)
    assert "fragment" in out
    assert people[17].surname not in out


def test_folders_archives_and_packed_layers(leak: LeakOnDisk, tmp_path: Path) -> None:
    line = ";".join(leak.people[30].columns())
    posts = tmp_path / "posts"
    posts.mkdir()
    (posts / "a.txt").write_text("bonjour à tous")
    (posts / "b.txt").write_text("voici : " + base64.b64encode(line.encode()).decode())
    with zipfile.ZipFile(posts / "c.zip", "w") as archive:
        archive.writestr("17.txt", line)
    status, results = scanned(leak, posts)
    assert status == 0
    told = {Path(each["document"].split("!")[0]).name: each for each in results}
    assert told["a.txt"]["verdict"] == "none"
    assert told["b.txt"]["matches"][0]["layer"] == "base64"
    assert told["c.zip"]["matches"][0]["row"] == 30
    assert told["c.zip"]["document"].endswith("c.zip!/17.txt")


def test_what_cannot_be_read_has_its_own_line_and_status_3(
    leak: LeakOnDisk, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("bonjour")
    status, results = scanned(leak, tmp_path / "a.txt", tmp_path / "none.txt")
    assert status == 3
    assert [each["verdict"] for each in results] == ["none", "error"]
    assert "No such file" in results[1]["error"]


def test_wrong_use_and_wrong_keys(leak: LeakOnDisk, tmp_path: Path) -> None:
    assert vigie("scan", "-", "--leak", leak.ref.file)[0] == 2
    vigie("key", "new", tmp_path / "other")
    status, _, err = vigie("scan", "-", "--leak", leak.ref.file, "--key", tmp_path / "other")
    assert status == 4
    assert "does not belong to" in err
    (tmp_path / "other").chmod(0o644)
    status, _, err = vigie("scan", "-", "--leak", leak.ref.file, "--key", tmp_path / "other")
    assert status == 4
    assert "chmod 600" in err


def test_several_leaks_give_the_strongest(leak: LeakOnDisk) -> None:
    line = ";".join(leak.people[3].columns()).encode()
    pair = ("--leak", leak.ref.file, "--key", leak.ref.key_file)
    status, results = scanned(leak, "-", *pair, stdin=line)
    assert status == 0
    assert len(results) == 1
    assert results[0]["records"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), (";".join(disguises.HEADER) + "\n", "no data row"),
     ("a;b\n1;2\n1;3\n", "type that can be recognised")],
)  # fmt: skip
def test_a_leak_that_gives_nothing_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "f.csv").write_text(text)
    vigie("key", "new", tmp_path / "k")
    status, _, err = vigie(
        "leak", "fingerprint", tmp_path / "f.csv", "--key", tmp_path / "k", "-o", tmp_path / "o.vfp"
    )
    assert status == 4
    assert said in err
    assert not (tmp_path / "o.vfp").exists()


def test_mixed_encodings_and_stray_quotes(tmp_path: Path) -> None:
    people = disguises.people(200, seed=8)
    rows = [";".join(disguises.HEADER).encode()]
    for number, person in enumerate(people):
        text = ";".join(person.columns()).replace("rue", 'rue "', number == 50)
        rows.append(text.encode("utf-8" if number % 9 else "cp1252"))
    (tmp_path / "f.csv").write_bytes(b"\n".join(rows))
    vigie("key", "new", tmp_path / "k")
    made = ("leak", "fingerprint", tmp_path / "f.csv", "--key", tmp_path / "k")
    status, out, err = vigie(*made, "-o", tmp_path / "o.vfp", "--json")
    assert (status, json.loads(out)["broken"]) == (0, 0), err
    text = "\n".join(f"{p.first};{p.surname};{p.nir}" for p in people[:45])
    scan = ("scan", "-", "--leak", tmp_path / "o.vfp", "--key", tmp_path / "k", "--json")
    _, out, _ = vigie(*scan, stdin=text.encode())
    found = json.loads(out)
    assert found["records"] == 45
    assert all("first_name" in match["fields"] for match in found["matches"])


def terminal(tmp_path: Path, *arguments: object, until: bytes) -> bytes:
    """What a command writes on a terminal up to some words, with no kernel compiled."""
    main, other = pty.openpty()
    command = [sys.executable, "-m", "vigie.cli", *map(str, arguments)]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cold"), "TERM": "xterm"}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=other, cwd=tmp_path,
        env=environment, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(other)
        seen = b""
        try:
            while until not in seen:
                seen += os.read(main, 4096)
        except OSError:  # the command ended
            pass
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            os.close(main)
    return seen


def test_the_first_start_says_that_it_compiles(leak: LeakOnDisk, tmp_path: Path) -> None:
    words = b"Compiling the matcher (once"
    made = ("leak", "fingerprint", leak.csv, "--key", leak.ref.key_file, "-o", "o.vfp")
    assert words in terminal(tmp_path, *made, until=words)
    scan = ("scan", leak.csv, "--leak", leak.ref.file, "--key", leak.ref.key_file)
    assert words in terminal(tmp_path, *scan, until=words)


def test_a_compiled_matcher_is_known_as_such(leak: LeakOnDisk, tmp_path: Path) -> None:
    assert is_compiled(BUILDING)  # by the fixture
    assert not is_compiled("matching.kernel.columns.nothing")


def test_without_a_terminal_progress_is_a_line_a_stage(leak: LeakOnDisk, tmp_path: Path) -> None:
    made = ("leak", "fingerprint", leak.csv, "--key", leak.ref.key_file, "-o", tmp_path / "o.vfp")
    status, out, err = vigie(*made)
    lines = err.splitlines()
    assert status == 0
    assert "rows" in out
    assert [line.split(" s  ")[1] for line in lines] == [
        "reading the file", "reading rows", "sorting exact keys", "sorting near keys",
        "sorting words keys", "weighing values", "enciphering the rows", "writing",
    ]  # fmt: skip
    assert "%" not in err
    assert "\x1b" not in err


def test_an_altered_file_is_a_sentence_and_status_4(leak: LeakOnDisk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.vfp"
    data = bytearray(leak.ref.file.read_bytes())
    data[-1] ^= 1
    bad.write_bytes(data)
    for arguments in (
        ("leak", "info", bad),
        ("scan", "-", "--leak", bad, "--key", leak.ref.key_file),
    ):
        status, _, err = vigie(*arguments)
        assert status == 4
        assert "is damaged" in err
        assert "Traceback" not in err


def test_what_is_no_table_is_a_sentence_and_status_4(leak: LeakOnDisk, tmp_path: Path) -> None:
    lines = tmp_path / "people.jsonl"
    lines.write_text('{"nom": "DUPRE"}\n{"nom": "MARTIN"}\n')
    for file, said in ((leak.ref.file, "fingerprint file already"), (lines, "is JSON Lines")):
        status, out, err = vigie("leak", "inspect", file)
        assert (status, out) == (4, "")
        assert said in err
        assert "DUPRE" not in err


def test_a_folder_that_takes_no_file_is_a_sentence_and_status_4(
    leak: LeakOnDisk, tmp_path: Path
) -> None:
    made = ("leak", "fingerprint", leak.csv, "--key", leak.ref.key_file)
    status, _, err = vigie(*made, "-o", tmp_path / "none" / "o.vfp")
    assert status == 4
    assert "cannot be written: No such file or directory" in err


def test_what_is_read_is_never_written_over(leak: LeakOnDisk, tmp_path: Path) -> None:
    (tmp_path / "fuite.csv").write_bytes(leak.csv.read_bytes())
    assert vigie("key", "new", "k", cwd=tmp_path)[0] == 0
    (tmp_path / "s.toml").write_text(vigie("leak", "inspect", "fuite.csv", cwd=tmp_path)[1])
    (tmp_path / "link.vfp").symlink_to("fuite.csv")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    made = ("leak", "fingerprint", "fuite.csv", "--key", "k", "--schema", "s.toml")
    for output in ("fuite.csv", "link.vfp", "k", "s.toml", "."):
        status, _, err = vigie(*made, "-o", output, cwd=tmp_path)
        assert status == 2, err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_scan_that_reads_nothing_says_so(leak: LeakOnDisk, tmp_path: Path) -> None:
    status, out, err = vigie(
        "scan", tmp_path, "--leak", leak.ref.file, "--key", leak.ref.key_file, cwd=tmp_path
    )
    assert (status, out) == (0, "")
    assert "Nothing was scanned" in err
    # An archive is told by its members, and this one has none.
    (tmp_path / "empty.zip").write_bytes(samples.zipped({}))
    for how in ((), ("--json",)):
        status, out, err = vigie(
            "scan", tmp_path / "empty.zip", *how, "--leak", leak.ref.file, "--key",
            leak.ref.key_file, cwd=tmp_path,
        )  # fmt: skip
        assert (status, out) == (0, "")
        assert "Nothing was scanned" in err
    status, _, err = vigie("scan", tmp_path, cwd=tmp_path)
    assert status == 2
    assert "--leak" in err
    status, _, err = vigie("scan", "-", "--leak", leak.ref.file, "--key", tmp_path, cwd=tmp_path)
    assert status == 2
    assert "--key" in err


def test_a_name_in_a_planted_file_moves_no_cursor(leak: LeakOnDisk, tmp_path: Path) -> None:
    planted = tmp_path / "planted.vfp"
    build(leak.csv, load_key(leak.ref.key_file), planted, inspect(leak.csv), name="a\x1b[2J\u202eb")
    for more in ((), ("--json",)):
        status, out, _ = vigie("leak", "info", planted, *more)
        assert status == 0
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "[2J" in out
