"""A dossier before the tools of others: wacz, XARF's own schemas, openssl, pyHanko."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import xarf
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

from evidence.dossier.export import Exported
from tests.evidence.dossiers import Prepared

SCHEMAS = Path(xarf.__file__).with_name("schemas")


def openssl(*arguments: object) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr if done.returncode == 0 else f"no: {done.stderr}"


def wacz(file: Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("wacz")
    return subprocess.run(
        [tool, "validate", "-f", file], capture_output=True, text=True, timeout=60, check=False
    )


def test_wacz_validates_the_archives_of_every_edition(
    prepared: Prepared, court: Exported, tmp_path: Path
) -> None:
    for folder in (court.folder, prepared.export("host", "wacz-host").folder):
        done = wacz(folder / "capture.wacz")
        assert done.returncode == 0, done.stdout + done.stderr
    cut = tmp_path / "capture.wacz"
    data = (court.folder / "capture.wacz").read_bytes()
    at = data.index(b"archive/") + 200
    cut.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    done = wacz(cut)
    assert done.returncode != 0 or "invalid" in (done.stdout + done.stderr).lower()


def schema_of(told: dict[str, str]) -> tuple[Draft202012Validator, Path]:
    """XARF's schema of this kind of report, as the package carries it."""
    files = {path: json.loads(path.read_text("utf-8")) for path in SCHEMAS.rglob("*.json")}
    name = f"{told['category']}-{told['type'].replace('_', '-')}.json"
    (path,) = [path for path in files if path.name == name]
    resources = [(one.get("$id", str(p)), Resource.from_contents(one)) for p, one in files.items()]
    registry: Registry[object] = Registry().with_resources(resources)
    return Draft202012Validator(files[path], registry=registry), path


def test_xarf_reports_keep_to_the_schema(court: Exported) -> None:
    reports = sorted(court.folder.glob("notices/*/xarf-*.json"))
    assert reports
    for file in reports:
        told = json.loads(file.read_text("utf-8"))
        validator, _ = schema_of(told)
        assert list(validator.iter_errors(told)) == []
        parsed = xarf.parse(told)
        assert (parsed.errors, parsed.warnings) == ([], [])
        del told["record_count"], told["source_identifier"]
        assert list(validator.iter_errors({**told, "data_types": "all"})) != []


def test_openssl_verifies_signature_and_both_time_stamps(court: Exported) -> None:
    folder = court.folder
    for name in ("un", "deux"):
        told = openssl(
            "ts", "-verify", "-in", folder / f"horodatage/{name}.tsr", "-data",
            folder / "manifest.json", "-CAfile", folder / f"confiance/{name}.pem",
        )  # fmt: skip
        assert "Verification: OK" in told
        asked = openssl(
            "ts", "-verify", "-in", folder / f"horodatage/{name}.tsr", "-queryfile",
            folder / f"horodatage/{name}.tsq", "-CAfile", folder / f"confiance/{name}.pem",
        )  # fmt: skip
        assert "Verification: OK" in asked
    signed = openssl(
        "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / "manifest.json.p7s",
        "-content", folder / "manifest.json", "-CAfile", folder / "confiance/signature.pem",
        "-purpose", "any", "-out", "/dev/null",
    )  # fmt: skip
    assert "successful" in signed


@pytest.mark.parametrize("name", ["rapport.pdf", "rapport-en.pdf"])
def test_pyhanko_s_own_command_finds_the_reports_whole_and_stamped(
    court: Exported, name: str
) -> None:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    roots = [load_cert_from_pemder(str(path)) for path in (court.folder / "confiance").iterdir()]
    context = ValidationContext(trust_roots=roots, allow_fetching=False)
    with (court.folder / name).open("rb") as file:
        (signature,) = PdfFileReader(file).embedded_signatures
        status = validate_pdf_signature(signature, context, context)
    assert (status.bottom_line, status.intact, status.trusted) == (True, True, True)
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.trusted
    assert str(status.coverage) == "SignatureCoverageLevel.ENTIRE_FILE"
