"""A node starts from the archive of its classes, which is made once on a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.elasticsearch_node import classes, jars
from tests.elasticsearch_node.node import Node


def test_a_node_maps_the_archive(node: Node) -> None:
    archive = classes.archive()
    if not archive.stat().st_size:
        assert classes.shared_classes(jars.EIGHT) == []
        return
    assert str(archive) in Path(f"/proc/{node.pid}/maps").read_text()


@pytest.mark.usefixtures("node")
def test_another_java_or_other_jars_have_another(monkeypatch: pytest.MonkeyPatch) -> None:
    here = classes.archive()
    assert classes.archive() == here
    monkeypatch.setattr(classes, "java_says", lambda _home: "another")
    assert classes.archive() != here
    monkeypatch.undo()
    monkeypatch.setattr(classes, "class_path", lambda release: jars.class_path(release) + ":more")
    assert classes.archive() != here


def test_without_an_archive_it_starts_as_it_always_did(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(classes, "archive", lambda: tmp_path / "none.jsa")
    assert classes.shared_classes(jars.EIGHT) == []
    (tmp_path / "none.jsa").touch()
    assert classes.shared_classes(jars.EIGHT) == []
    (tmp_path / "none.jsa").write_bytes(b"archive")
    assert classes.shared_classes(jars.EIGHT) == [f"-XX:SharedArchiveFile={tmp_path}/none.jsa"]
    assert classes.shared_classes(jars.NINE) == []
