"""A dossier proves what it says to whoever has no Vigie, and holds no victim's value."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest

from capture.unseal import unseal
from evidence.custody import checkpoint
from evidence.custody.verify import verify_log
from evidence.dossier.export import Exported
from evidence.dossier.tables import as_csv
from evidence.errors import EvidenceError
from evidence.verify import verifier
from index.errors import NotFound
from index.leases import utc_now
from tests.evidence.dossiers import PLANTED, Prepared
from tests.evidence.tsa import TimeStampServer
from tests.evidence.verapdf.validate import failing

VERIFIERS = ("verifier.py", "verifier_inside.py", "verify.sh")


@pytest.fixture(scope="module")
def editions(prepared: Prepared, court: Exported) -> dict[str, Path]:
    others = {name: prepared.export(name).folder for name in ("host", "public")}
    return {"court": court.folder, **others}


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_every_file_of_the_table_is_there(editions: dict[str, Path]) -> None:
    court = names_in(editions["court"])
    wanted = """LISEZ-MOI.pdf LISEZ-MOI-en.pdf LIMITES.md rapport.pdf rapport-en.pdf synthese.pdf
        synthese-en.pdf constat-kit.pdf constat-kit-en.pdf manifest.json manifest.json.p7s
        SHA256SUMS horodatage/un.tsr horodatage/deux.tsr horodatage/un.tsq confiance/un.pem
        confiance/signature.pem capture.wacz fuite.json engagements.json scelle.json journal.jsonl
        chronologie.csv diligences.csv proportionnalite.csv verifier.py verifier_inside.py verify.sh
        captures/1/connexion.json captures/1/dns.json captures/1/rdap/rdap.json
        captures/1/environnement.json captures/1/chemin.json captures/1/extraits.html
        captures/1/horloges.json captures/1/chaine.json captures/1/page.png captures/1/dom.html
        captures/1/visite.json captures/2/page.png.json blocage.csv notices/1/demande.eml
        notices/2/xarf-1.json pieces/bordereau.pdf pieces/piece-01.pdf pieces/piece-09.pdf"""
    assert set(wanted.split()) <= court
    host = names_in(editions["host"])
    assert not host & {"journal.jsonl", "chronologie.csv", "diligences.csv", "scelle.json"}
    assert not any(name.startswith(("pieces/", "notices/")) for name in host)
    assert "captures/1/rdap/rdap.json" not in host
    public = (editions["public"] / "fuite.json").read_text("utf-8")
    assert "exemple.fr" not in public
    assert not (editions["public"] / "captures").exists()


def test_it_verifies_without_vigie_and_without_a_network(court: Exported, tmp_path: Path) -> None:
    copy = shutil.copytree(court.folder, tmp_path / "copy")
    for _ in range(2):  # checking changes nothing
        done = subprocess.run(
            ["unshare", "-rn", "env", "-i", "PATH=/usr/bin:/bin", sys.executable, "-S",
             "verifier.py"],
            cwd=copy, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert "ok      horodatage/index.json  un 20" in done.stdout
    assert "not proven / non prouvé: that confiance/un.pem is the real one" in done.stdout
    script = subprocess.run(
        ["unshare", "-rn", "sh", copy / "verify.sh"], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert script.returncode == 0, script.stdout + script.stderr
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=copy, check=True,
                   capture_output=True)  # fmt: skip


def test_outside_roots_and_a_checkpoint_are_used(
    court: Exported, prepared: Prepared, shared_tsa: TimeStampServer, tmp_path: Path
) -> None:
    roots = tmp_path / "roots"
    roots.mkdir()
    for name in ("un", "deux"):
        shutil.copy(shared_tsa.root.certificate_file, roots / f"{name}.pem")
    assert prepared.maker.signer is not None
    shutil.copy(prepared.maker.signer.roots, roots / "signature.pem")
    journal = court.folder / "journal.jsonl"
    entry = json.loads(journal.read_text("utf-8").splitlines()[3])
    header = json.loads(journal.read_text("utf-8").splitlines()[0])
    held = tmp_path / "held.json"
    told = {"format": "vigie-checkpoint-1", "algorithm": "sha256", "log": header["log"],
            "seq": entry["seq"], "link": entry["link"]}  # fmt: skip
    held.write_text(json.dumps(told))
    report = verifier.verify(court.folder, roots, [held])
    assert report.failed == []
    assert not [one for one in report.not_proven if "confiance" in one or "dropped" in one]
    held.write_text(json.dumps({**told, "link": "00" * 32}))
    assert "written again" in verifier.verify(court.folder, roots, [held]).failed[0][1]
    held.write_text(json.dumps({**told, "seq": 10_000}))
    assert "missing" in verifier.verify(court.folder, roots, [held]).failed[0][1]
    shutil.copy(shared_tsa.wrong.certificate_file, roots / "un.pem")
    failed = verifier.verify(court.folder, roots).failed
    assert failed == [("horodatage/un.tsr", "openssl ts does not accept it")]


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".pdf":
            document = pypdfium2.PdfDocument(path)
            pages = [document[number] for number in range(len(document))]
            yield path.name, "\n".join(page.get_textpage().get_text_bounded() for page in pages)
            document.close()
        elif path.is_file():
            yield path.name, path.read_bytes().decode("utf-8", "replace")


def test_no_planted_value_is_in_any_edition_store_or_log(
    editions: dict[str, Path], prepared: Prepared
) -> None:
    """Reasons named a person too; those stay in the record, committed to."""
    places = [*editions.values(), prepared.folder / "evidence", prepared.folder / "originals"]
    seen = 0
    for place in places:
        for name, text in texts_of(place):
            seen += 1
            for value in PLANTED:
                assert value.lower() not in text.lower(), (place.name, name, value)
    assert seen > 100


def test_one_record_opens_alone(court: Exported, prepared: Prepared, tmp_path: Path) -> None:
    opening = tmp_path / "opening.json"
    opening.write_text(json.dumps(prepared.openings[1]))
    assert verifier.main(["opening", str(opening), str(court.folder)]) == 0
    value = {"row": 12, "text": "someone else"}
    opening.write_text(json.dumps({**prepared.openings[1], "value": value}))
    assert verifier.main(["opening", str(opening), str(court.folder)]) == 1


def test_the_sealed_original_is_the_one_that_is_named(
    court: Exported, prepared: Prepared, tmp_path: Path
) -> None:
    told = json.loads((court.folder / "scelle.json").read_text("utf-8"))
    assert len(told["recipients"]) == 2
    names = [one["file_sha256"] for one in told["captures"]]
    files = {path.stem: path for path in (prepared.folder / "originals").rglob("*.age")}
    pictures = {(one["capture"], one["kind"]): one["file_sha256"] for one in told["pictures"]}
    assert {(1, "page"), (1, "dom")} <= set(pictures)
    assert {*names, *pictures.values()} == set(files)
    key = tmp_path / "key"
    key.write_text(str(prepared.identity))
    assert PLANTED[0].encode() in unseal(files[names[0]], key)[1]


def test_reports_are_signed_and_say_what_they_found(court: Exported, prepared: Prepared) -> None:
    import asyncio

    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    assert prepared.maker.signer is not None
    roots = [prepared.maker.signer.roots, prepared.maker.authorities[0].roots]
    context = ValidationContext(
        trust_roots=[load_cert_from_pemder(str(root)) for root in roots], allow_fetching=False
    )
    data = (court.folder / "rapport.pdf").read_bytes()
    signature = PdfFileReader(io.BytesIO(data)).embedded_signatures[0]
    status = asyncio.run(async_validate_pdf_signature(signature, context, context))
    assert status.bottom_line
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.trusted
    found = dict(texts_of(court.folder))
    assert "republication" in found["rapport.pdf"] or "fragment" in found["rapport.pdf"]
    assert "non prouvé" in found["rapport.pdf"]
    assert "not proven" in found["rapport-en.pdf"]
    assert len(pypdfium2.PdfDocument(court.folder / "synthese.pdf")) == 1


def test_reports_are_pdf_a(court: Exported) -> None:
    """Signed ones too: what signing adds must keep to ISO 19005-3 as well."""
    names = ("rapport.pdf", "synthese.pdf", "pieces/bordereau.pdf", "pieces/piece-03.pdf")
    assert failing([court.folder / name for name in names]) == []


def test_what_failed_is_shown_as_failed(court: Exported) -> None:
    told = json.loads((court.folder / "captures/1/rdap/rdap.json").read_text("utf-8"))
    assert (told["state"], told["error"]) == ("failed", "no RDAP server answered")
    told = json.loads((court.folder / "captures/1/horloges.json").read_text("utf-8"))
    assert told["state"] == "not-made"


def test_without_stamps_it_says_so(prepared: Prepared, shared_tsa: TimeStampServer) -> None:
    shared_tsa.fault = "nonce"
    made = prepared.export("court", "unstamped")
    shared_tsa.fault = ""
    assert (made.stamped, sorted(made.not_stamped)) == ([], ["deux", "un"])
    report = verifier.verify(made.folder)
    assert report.failed == []
    assert "that the dossier existed by any time: not time-stamped" in report.not_proven
    assert verify_log(prepared.engine, prepared.maker.authorities).failed == []


def test_the_export_is_in_the_log_and_overwrites_nothing(
    prepared: Prepared, court: Exported
) -> None:
    with pytest.raises(EvidenceError, match="exists already"):
        prepared.export("court", "made-court")
    with pytest.raises(EvidenceError, match="edition is"):
        prepared.export("other")
    held = checkpoint.export(prepared.engine, who="jeanne", to="dehors", now=utc_now())
    assert verify_log(prepared.engine, [], checkpoints=[held]).failed == []
    lines = (court.folder / "journal.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line).get("content") for line in lines]
    assert any(one and one["what"] == "export" for one in told)
    assert not [path for path in prepared.folder.iterdir() if path.name.endswith(".part")]
    from dataclasses import replace

    with pytest.raises(NotFound):
        replace(prepared, case=99).export("court", "nothing")
    assert not (prepared.folder / "nothing").exists()


def test_no_cell_is_a_formula() -> None:
    data = as_csv(("a",), [["=cmd()"], ["+1"], ["-1"], ["@x"], ["\tx"], ["\rx"], ["plain"]])
    cells = [row[0] for row in csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";")]
    assert all(one.startswith("'") for one in cells[1:-1])
    assert cells[-1] == "plain"


def damage(folder: Path, chosen: random.Random) -> str:
    """One random change to any file but the verifier; which."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    files = [path for path in files if path.name not in VERIFIERS]
    path = chosen.choice(files)
    name = path.relative_to(folder).as_posix()
    data = path.read_bytes()
    way = chosen.choice(("flip", "cut", "remove", "reorder", "swap"))
    if way == "flip":
        at = chosen.randrange(len(data) * 8)
        changed = bytearray(data)
        changed[at // 8] ^= 1 << at % 8
        path.write_bytes(changed)
    elif way == "cut":
        path.write_bytes(data[: chosen.randrange(len(data))])
    elif way == "remove":
        path.unlink()
    elif way == "reorder":
        lines = data.splitlines(keepends=True)
        if len(lines) < 2 or len(set(lines)) < 2:
            path.write_bytes(data[::-1] + b"x")
        else:
            at = next(i for i in range(len(lines) - 1) if lines[i] != lines[i + 1])
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
            path.write_bytes(b"".join(lines))
    else:
        other = chosen.choice([one for one in files if one.read_bytes() != data])
        path.write_bytes(other.read_bytes())
        other.write_bytes(data)
    return f"{way} {name}"


def campaign(court: Exported, folder: Path, times: int) -> None:
    """Every change is found, and an item is named that it is about."""
    beside = folder / "verifier"
    beside.mkdir()
    for name in VERIFIERS:
        shutil.copy(court.folder / name, beside / name)
    chosen = random.Random(20_261_128)
    for number in range(times):
        copy = shutil.copytree(court.folder, folder / f"copy-{number}")
        what = damage(copy, chosen)
        report = verifier.verify(copy)
        assert report.failed, what
        named = " ".join(item for item, _ in report.failed)
        name = what.split(" ", 1)[1]
        assert name in named or name == "SHA256SUMS", (what, report.failed)
        shutil.rmtree(copy)


def test_no_damage_passes(court: Exported, tmp_path: Path) -> None:
    campaign(court, tmp_path, 25)


@pytest.mark.soak
def test_no_damage_passes_a_thousand_times(court: Exported, tmp_path: Path) -> None:
    campaign(court, tmp_path, 1000)


def test_a_forger_who_mends_sums_and_manifest_fails_at_signature_and_stamps(
    court: Exported, tmp_path: Path
) -> None:
    """Whoever changes a file consistently must change the manifest, which others have stamped."""
    from evidence.dossier import manifest

    copy = shutil.copytree(court.folder, tmp_path / "copy")
    (copy / "captures/1/capture.json").write_bytes(b"{}\n")
    told = json.loads((copy / "manifest.json").read_text("utf-8"))
    own = {"manifest.json", "manifest.json.p7s", "SHA256SUMS"}
    told["files"] = [
        one for one in manifest.list_files(copy)
        if one["path"] not in own and not one["path"].startswith("horodatage/")
    ]  # fmt: skip
    (copy / "manifest.json").write_text(json.dumps(told))
    (copy / "SHA256SUMS").unlink()
    manifest.write_sums(copy)
    failed = [item for item, _ in verifier.verify(copy).failed]
    assert failed == ["manifest.json.p7s", "horodatage/un.tsr"]
