"""`vigie scan` of archives and documents: every member has its line, what stays shut says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.extraction import samples
from tests.matching.disguises import LeakOnDisk
from tests.matching.test_leak_commands import scanned


def told(results: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {Path(each["document"].partition("!")[0]).name + each["document"].partition("!")[1]
            + each["document"].partition("!")[2]: each for each in results}  # fmt: skip


def test_members_and_sheets_are_matched(leak: LeakOnDisk, tmp_path: Path) -> None:
    people = leak.people[30:33]
    line = ";".join(people[0].columns())
    rows = [person.columns() for person in people]
    (tmp_path / "a.zip").write_bytes(
        samples.zipped(
            {
                "liste.docx": samples.docx(rows),
                "feuille.ods": samples.open_document("spreadsheet", rows),
                "inner.7z": samples.seven_zipped({"17.txt": line.encode()}),
            }
        )
    )
    status, results = scanned(leak, tmp_path / "a.zip")
    found = told(results)
    assert status == 0
    assert set(found) == {"a.zip!/liste.docx", "a.zip!/feuille.ods", "a.zip!/inner.7z!/17.txt"}
    for name, layer in (("liste.docx", "docx"), ("feuille.ods", "odf"), ("inner.7z!/17.txt", "")):
        best = found[f"a.zip!/{name}"]["matches"][0]
        assert best["row"] in (30, 31, 32)
        assert best["layer"] == layer


def test_a_locked_archive_opens_with_the_post_beside_it_or_says_that_it_is_shut(
    leak: LeakOnDisk, tmp_path: Path
) -> None:
    line = ";".join(leak.people[40].columns()).encode()
    for folder, post in (("with", "mdp : Labo2021!"), ("without", "mdp en privé")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "post.txt").write_text(post)
        (tmp_path / folder / "a.zip").write_bytes(samples.locked_zip({"a.csv": line}, "Labo2021!"))
    status, results = scanned(leak, tmp_path / "with")
    assert status == 0
    assert told(results)["a.zip!/a.csv"]["matches"][0]["row"] == 40
    status, results = scanned(leak, tmp_path / "without")
    assert status == 3
    assert "encrypted" in told(results)["a.zip!/a.csv"]["error"]


def test_a_known_copy_in_an_archive_is_a_repost_though_it_stays_shut(
    leak: LeakOnDisk, tmp_path: Path
) -> None:
    copy = samples.locked_zip({"patients.csv": b"whatever"}, "nobody knows")
    (tmp_path / "posts.zip").write_bytes(samples.zipped({"copy.bin": copy}))
    (tmp_path / "vigie.toml").write_text(
        f'[[leak]]\nfile = "{leak.ref.file}"\nkey_file = "{leak.ref.key_file}"\n'
        f'files = ["{samples.sha256(copy)}"]\n'
    )
    status, results = scanned_with(tmp_path, tmp_path / "posts.zip")
    found = told(results)
    assert status == 3
    assert found["posts.zip!/copy.bin"]["verdict"] == "repost"
    assert "encrypted" in found["posts.zip!/copy.bin!/patients.csv"]["error"]


def scanned_with(folder: Path, *arguments: object) -> tuple[int, list[dict[str, Any]]]:
    import json

    from tests.matching.test_leak_commands import vigie

    status, out, err = vigie("scan", *arguments, "--json", cwd=folder)
    assert "Traceback" not in err
    return status, [json.loads(line) for line in out.splitlines()]
