"""Every planted post of the demo raises an alert and no other does, before any site is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from extraction.read import extract
from matching.build import build
from matching.inspect import inspect
from matching.keys import load_key
from matching.result import LeakRef, TextLayer
from matching.scan import Scanner
from vigie.demo.leak import generate
from vigie.demo.posts import PlannedPost, plan

ROWS = 6_000


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("demo") / "leak.csv", ROWS, seed=3).path


@pytest.fixture(scope="module")
def scanner(leak: Path) -> Iterator[Scanner]:
    file, key = leak.with_suffix(".vfp"), leak.with_suffix(".key")
    # Always the same key: pieces of a byte agree by chance under one key and not under another.
    key.write_text("d3" * 32 + "\n")
    key.chmod(0o600)
    build(leak, load_key(key), file, inspect(leak), name="demo")
    opened = Scanner(LeakRef(file, key))
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_posts_and_no_other_raise_alerts(seed: int, leak: Path, scanner: Scanner) -> None:
    posts = plan(leak, seed=seed, round_number=1)
    missed = [post.kind for post in posts if post.is_planted and not alerted(scanner, post)]
    false = [post.kind for post in posts if not post.is_planted and alerted(scanner, post)]
    assert (missed, false) == ([], [])


def alerted(scanner: Scanner, post: PlannedPost) -> bool:
    body = post.body.encode()
    layers = [
        TextLayer(each.name, each.text)
        for each in extract(body, name=post.filename or "post.txt").layers
    ]
    return scanner.scan(post.key, len(body), "", layers).verdict.raises_alert
