"""A WARC that was cut is never taken for whole (warcio raises nothing there): hostile input 36."""

from __future__ import annotations

import zipfile

from evidence.dossier.export import Exported
from evidence.verify.verifier_inside import Failed, check_warc


def test_a_warc_cut_at_every_byte_never_passes(court: Exported) -> None:
    """Within a record the cut is named; at a record's bound the count tells it."""
    with zipfile.ZipFile(court.folder / "capture.wacz") as archive:
        name = next(one for one in archive.namelist() if one.endswith(".warc.gz"))
        data = archive.read(name)
    whole = check_warc(data, "capture.wacz")
    assert whole > 2
    fewer = 0
    for length in range(len(data)):
        try:
            found = check_warc(data[:length], "capture.wacz")
        except Failed:
            continue
        assert found < whole
        fewer += 1
    assert fewer == whole  # nothing at all, and every bound but the last
