#!/usr/bin/env python3
"""Checks a dossier without Vigie: Python 3.10 or newer, its standard library, and openssl.

    python3 verifier.py [DIR] [--roots DIR] [--checkpoint FILE]... [--json]
    python3 verifier.py opening OPENING.json [DIR]

Nothing here is proof by itself: it saves typing. LIMITES.md says what each check shows, and every
one can be done by hand (sha256sum -c, openssl ts -verify, openssl cms -verify). Status 0: every
check passed; 1: a check failed, and its item is named.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

# A dossier must not change by being checked.
sys.dont_write_bytecode = sys.dont_write_bytecode or not __package__

if __package__:
    from evidence.verify.verifier_inside import (
        Failed,
        check_commitments,
        check_journal,
        check_opening,
        check_wacz,
    )  # fmt: skip
else:  # in a dossier, where the two files lie side by side
    from verifier_inside import (  # type: ignore[import-not-found, no-redef]
        Failed,
        check_commitments,
        check_journal,
        check_opening,
        check_wacz,
    )  # fmt: skip

SUMS, MANIFEST, SIGNATURE, STAMPS = (
    "SHA256SUMS", "manifest.json", "manifest.json.p7s", "horodatage/index.json",
)  # fmt: skip
ALGORITHMS = {"sha256": 32, "sha384": 48, "sha512": 64}
STEP = 1024 * 1024
NOT_PROVEN = (
    "who wrote or uploaded what was captured, and who else saw it",
    "that the site showed others the same; a commissaire de justice can repeat the capture",
    "what the sealed originals hold: only whom the court designates opens them",
)

# What a check says, for French readers, by its first words.
FRENCH = {
    "who wrote or uploaded": "qui a écrit ou mis en ligne ce qui a été capturé, et qui d’autre "
    "l’a vu",
    "that the site showed others": "que le site montrait la même chose à d’autres ; un commissaire "
    "de justice peut répéter la capture",
    "what the sealed originals hold": "ce que contiennent les originaux scellés : seul les ouvre "
    "qui la juridiction désigne",
    "that confiance/": "que les racines de confiance/ sont les vraies : comparez-les, ou --roots",
    "who made the dossier": "qui a établi le dossier : il n’est pas signé",
    "a time by ": "une date par l’une des autorités : non horodaté",
    "that the dossier existed": "que le dossier existait à une date : non horodaté",
    "the stamp of ": "la contremarque aujourd’hui : son certificat a pris fin depuis",
    "capture ": "une capture faite avant qu’il y ait un journal",
    "that nothing was added": "que rien n’a été ajouté ni retiré après la fin du journal",
}


def in_french(sentence: str) -> str:
    """The French of what is not proven; "" for a sentence that is not known."""
    return next((fr for start, fr in FRENCH.items() if sentence.startswith(start)), "")


class Report:
    """What passed, what failed, and what no check here shows."""

    def __init__(self) -> None:
        self.passed: list[tuple[str, str]] = []
        self.failed: list[tuple[str, str]] = []
        self.not_proven: list[str] = list(NOT_PROVEN)

    def run(self, name: str, check: Callable[..., str | None], *given: Any) -> None:
        """One check; whatever goes wrong in it is a failure of `name` or of a named item."""
        try:
            self.passed.append((name, check(*given) or ""))
        except Failed as failure:
            self.failed.append((failure.item, failure.reason))
        except Exception as error:  # a file that cannot be read as what it is has failed
            self.failed.append((name, f"cannot be checked ({type(error).__name__})"))


def verify(folder: Path, roots: Path | None = None, checkpoints: Sequence[Path] = ()) -> Report:
    """Check a dossier's folder; `roots` and `checkpoints` come from elsewhere."""
    report = Report()
    found = files_of(folder, report)
    report.run(SUMS, check_sums, folder, found, report)
    manifest: dict[str, Any] = {}
    try:
        manifest = read_json(folder / MANIFEST)
    except Exception as error:
        report.failed.append((MANIFEST, f"cannot be read ({type(error).__name__})"))
    report.run(MANIFEST, check_manifest, manifest, found, report)
    report.run(SIGNATURE, check_signature, folder, found, roots, report)
    report.run(STAMPS, check_stamps, folder, manifest, roots, report)
    journal = manifest.get("journal")
    if journal:
        report.run("journal.jsonl", check_journal_file, folder, manifest, checkpoints, report)
    elif checkpoints:
        report.failed.append(("journal.jsonl", "this edition holds no journal to compare with"))
    if "engagements.json" in found:
        report.run("engagements.json", _commitments, folder, manifest)
    for path in sorted(found):
        if path.endswith(".wacz"):
            report.run(path, check_wacz, folder / path)
    return report


# Files


def files_of(folder: Path, report: Report) -> dict[str, tuple[str, int]]:
    """Path to SHA-256 and size of every file. A link or device is a failure, not followed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            report.failed.append((name, "is no plain file"))
        elif path.is_file():
            found[name] = digest_of(path), path.stat().st_size
    return found


def digest_of(path: Path) -> str:
    """SHA-256 of a file, read in steps."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while step := file.read(STEP):
            digest.update(step)
    return digest.hexdigest()


def check_sums(folder: Path, found: dict[str, tuple[str, int]], report: Report) -> str:
    """SHA256SUMS is exactly what the folder gives: no line more, less, changed or moved."""
    lines = (folder / SUMS).read_bytes().decode("utf-8").split("\n")
    wanted = [f"{found[name][0]}  {name}" for name in sorted(found) if name != SUMS]
    listed = {line[66:]: line[:64] for line in lines if len(line) > 66}
    for name in sorted(set(found) - {SUMS}):
        if name not in listed:
            report.failed.append((name, f"is not in {SUMS}"))
        elif listed[name] != found[name][0]:
            report.failed.append((name, f"is not the file that {SUMS} names"))
    for name in sorted(set(listed) - set(found)):
        report.failed.append((name, f"is in {SUMS} and missing"))
    for number, (line, right) in enumerate(zip(lines, [*wanted, ""], strict=False), start=1):
        if line != right:
            raise Failed(f"{SUMS}, line {number}", "is not the folder's")
    if len(lines) != len(wanted) + 1:
        raise Failed(SUMS, "has lines too many or too few")
    return f"{len(wanted)} files"


def check_manifest(
    manifest: dict[str, Any], found: dict[str, tuple[str, int]], report: Report
) -> str:
    """The manifest names every file but itself and what is made after it."""
    if manifest.get("format") != "vigie-dossier-1" or manifest.get("algorithm") != "sha256":
        raise Failed(MANIFEST, "has a format or digest algorithm that is not known")
    listed = {one["path"]: one for one in manifest["files"]}
    if len(listed) != len(manifest["files"]):
        raise Failed(MANIFEST, "names a file twice")
    own = {SUMS, MANIFEST, SIGNATURE}
    for name in sorted(found):
        if name in own or name.startswith("horodatage/"):
            continue
        if name not in listed:
            report.failed.append((name, f"is not in {MANIFEST}"))
        elif (listed[name]["sha256"], listed[name]["bytes"]) != found[name]:
            report.failed.append((name, f"is not the file that {MANIFEST} names"))
    for name in sorted(set(listed) - set(found)):
        report.failed.append((name, f"is in {MANIFEST} and missing"))
    return f"{len(listed)} files"


# Signature and time stamps


def openssl(item: str, *arguments: object) -> None:
    """Run openssl; Failed when it says no, or is not there."""
    if shutil.which("openssl") is None:
        raise Failed(item, "cannot be checked: openssl is not installed")
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=60)
    if done.returncode != 0:
        raise Failed(item, f"openssl {arguments[0]} does not accept it")


def root_of(folder: Path, roots: Path | None, name: str, report: Report) -> Path:
    """The trust root to use: the outside one, or the dossier's own, which is then said."""
    if roots:
        path = roots / name
        if not path.is_file():
            raise Failed(f"{roots}/{name}", "is missing: no outside trust root")
        return path
    said = f"that confiance/{name} is the real one: compare it, or use --roots"
    if said not in report.not_proven:
        report.not_proven.append(said)
    return folder / "confiance" / name


def check_signature(
    folder: Path, found: dict[str, tuple[str, int]], roots: Path | None, report: Report
) -> str:
    """The manifest's detached CMS signature."""
    if SIGNATURE not in found:
        report.not_proven.append("who made the dossier: it is not signed")
        return "not signed"
    root = root_of(folder, roots, "signature.pem", report)
    openssl(
        SIGNATURE, "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / SIGNATURE,
        "-content", folder / MANIFEST, "-CAfile", root, "-purpose", "any", "-out", "/dev/null",
    )  # fmt: skip
    return "signed"


def check_stamps(folder: Path, manifest: dict[str, Any], roots: Path | None, report: Report) -> str:
    """Every raw reply over the manifest. One that was not had is said to be missing."""
    index = read_json(folder / STAMPS)
    names = [one["authority"] for one in index["stamps"]]
    if names != manifest["authorities"]:
        raise Failed(STAMPS, f"does not list the authorities that {MANIFEST} names")
    good = []
    for one in index["stamps"]:
        if one["state"] != "stamped":
            report.not_proven.append(f"a time by {one['authority']}: not time-stamped")
            continue
        if one["algorithm"] not in ALGORITHMS:
            raise Failed(one["reply"], "uses a digest algorithm that is not known")
        digest = hashlib.new(one["algorithm"], (folder / MANIFEST).read_bytes()).hexdigest()
        root = root_of(folder, roots, one["roots"], report)
        if not check_stamp(folder / one["reply"], digest, root, one["at"]):
            said = "its certificate held then and has ended since; a renewal must cover it"
            report.not_proven.append(f"the stamp of {one['authority']} today: {said}")
        good.append(f"{one['authority']} {one['at']}")
    if not good:
        report.not_proven.append("that the dossier existed by any time: not time-stamped")
    return ", ".join(good) or "not time-stamped"


def check_stamp(reply: Path, digest: str, root: Path, at: str) -> bool:
    """One raw RFC 3161 reply over a digest; whether its certificates still hold today."""
    command: list[object] = ["ts", "-verify", "-in", reply, "-digest", digest, "-CAfile", root]
    between = root.with_name(f"{root.stem}-between.pem")
    if between.is_file():
        command += ["-untrusted", between]
    item = f"horodatage/{reply.name}"
    try:
        openssl(item, *command)
    except Failed:
        # Python 3.10 does not read a Z.
        then = datetime.fromisoformat(at.replace("Z", "+00:00"))  # noqa: FURB162
        openssl(item, *command, "-attime", int(then.timestamp()))
        return False
    return True


def check_journal_file(
    folder: Path, manifest: dict[str, Any], checkpoints: Sequence[Path], report: Report
) -> str:
    """The journal, its end in the manifest, and the captures' entries in it."""
    with (folder / "journal.jsonl").open(encoding="utf-8") as lines:
        told, shown = check_journal(lines, [read_json(one) for one in checkpoints])
    if told != manifest["journal"]:
        raise Failed("journal.jsonl", f"is not the journal that {MANIFEST} names")
    entries = {c["item"]: c["detail"] for c in shown.values() if c["what"] == "capture"}
    for one in manifest["captures"]:
        if not one["logged"]:
            report.not_proven.append(f"capture {one['capture']}: made before there was a log")
            continue
        entry = entries.get(f"capture:{one['capture']}", {})
        for name in ("sha256", "sealed", "root"):
            if entry.get(name) != one[name]:
                raise Failed(f"captures/{one['capture']}", f"{name} is not what the log says")
    if not checkpoints:
        report.not_proven.append("that nothing was added or dropped after the journal's end")
    return f"entries {told['first']} to {told['last']}"


def _commitments(folder: Path, manifest: dict[str, Any]) -> str:
    return check_commitments(read_json(folder / "engagements.json"), manifest)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file."""
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return told


def _open(opening: Path, folder: Path) -> str:
    return check_opening(read_json(opening), read_json(folder / "engagements.json"))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    here = str(Path(__file__).resolve().parent)
    if arguments[:1] == ["opening"]:
        folder = Path(arguments[2] if len(arguments) > 2 else here)
        report = Report()
        report.run(arguments[1], lambda: _open(Path(arguments[1]), folder))
        report.not_proven = []
    else:
        parser = argparse.ArgumentParser(description="Check a dossier without Vigie.")
        parser.add_argument("folder", nargs="?", default=here, type=Path)
        parser.add_argument(
            "--roots", type=Path, help="outside trust roots, named as in confiance/"
        )
        parser.add_argument(
            "--checkpoint", action="append", default=[], type=Path, help="kept by an outside party"
        )
        parser.add_argument("--json", action="store_true")
        given = parser.parse_args(arguments)
        report = verify(given.folder, given.roots, given.checkpoint)
        if given.json:
            print(json.dumps(vars(report), ensure_ascii=False))
            return 1 if report.failed else 0
    for name, told in report.passed:
        print(f"ok      {name}  {told}".rstrip())
    for item, reason in report.failed:
        print(f"FAILED / ÉCHEC  {item}: {reason}")
    for sentence in report.not_proven:
        french = in_french(sentence)
        print(f"not proven / non prouvé: {sentence}" + (f" / {french}" if french else ""))
    ending = "Every check passed / Toutes les vérifications passent"
    print("FAILED / ÉCHEC" if report.failed else ending)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
