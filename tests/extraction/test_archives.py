"""Archives of every kind, their passwords, and what a hostile one may not do."""

from __future__ import annotations

import io
import random
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction import packed, passwords, rar
from extraction.budget import Account
from extraction.errors import ChildDied
from extraction.layers import Document, Limits
from extraction.read import documents, extract
from extraction.sandbox import Sandbox
from tests.extraction import samples
from tests.extraction.samples import lines

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

with_libarchive = pytest.mark.skipif(rar.library() is None, reason="libarchive is not installed")
TEXT = lines(";").encode()
MAKERS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": samples.zipped,
    "tar": samples.tarred,
    "tar.gz": lambda members: samples.tarred(members, "w:gz"),
    "tar.bz2": lambda members: samples.tarred(members, "w:bz2"),
    "tar.xz": lambda members: samples.tarred(members, "w:xz"),
    "tar.zst": lambda members: zstd.compress(samples.tarred(members)),
    "7z": samples.seven_zipped,
    "rar": samples.rar,
}
LOCKED: dict[str, Callable[[str], bytes]] = {
    "zip, AES": lambda word: samples.locked_zip({"a.csv": TEXT}, word),
    "zip, old": lambda word: samples.old_locked_zip("a.csv", TEXT, word.encode()),
    "7z": lambda word: samples.seven_zipped({"a.csv": TEXT}, word),
    "7z, names too": lambda word: samples.seven_zipped({"a.csv": TEXT}, word, hide_names=True),
}
POSTS = (
    "le mot de passe est: {}",
    "MDP : {} merci de partager",
    'Archive password is "{}".',
    "https://site.example/d/x.zip\n{}\nbonne lecture",
    "pass={}",
    "Pour ouvrir : clé « {} »",
    "mot de passe du fichier zip => {}",
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The limited child, where these readers run: a library must not need a file half-way."""
    with Sandbox(Limits(seconds=40)) as box:
        yield box


def by_name(found: tuple[Document, ...]) -> dict[str, Document]:
    return {document.name: document for document in found}


def text_of(document: Document) -> str:
    return document.extracted.layers[0].text


@pytest.mark.parametrize("kind", MAKERS)
def test_members_of_every_kind_of_archive(sandbox: Sandbox, kind: str) -> None:
    if kind == "rar" and rar.library() is None:
        pytest.skip("libarchive is not installed")
    body = MAKERS[kind]({"liste/a.csv": TEXT, "b.txt": b"bonjour"})
    found = by_name(sandbox.documents(body, name="p"))
    assert text_of(found["p!/liste/a.csv"]) == TEXT.decode()
    assert text_of(found["p!/b.txt"]) == "bonjour"
    assert found["p"].holds
    assert [layer.text for layer in sandbox.extract(body).layers] == [TEXT.decode(), "bonjour"]


@pytest.mark.parametrize("outer", ["zip", "tar.gz", "tar.zst", "7z"])
@pytest.mark.parametrize("inner", ["zip", "tar.xz", "7z"])
def test_an_archive_in_an_archive_names_its_members(outer: str, inner: str) -> None:
    body = MAKERS[outer]({"in": MAKERS[inner]({"a.csv": TEXT})})
    found = by_name(documents(body, name="p"))
    assert text_of(found["p!/in!/a.csv"]) == TEXT.decode()
    assert [name for name, each in found.items() if each.holds] == ["p", "p!/in"]


@with_libarchive
def test_what_libarchive_cannot_decipher_is_said() -> None:
    [member] = [d for d in documents(samples.rar({"a": TEXT}, locked=True)) if not d.holds]
    assert member.error
    assert TEXT.decode() not in "".join(layer.text for layer in member.extracted.layers)


def test_without_libarchive_a_rar_is_told_as_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rar, "library", lambda: None)
    found = documents(samples.rar({"a": TEXT}), name="p.rar")
    assert any("libarchive is not installed" in document.error for document in found)
    assert any("libarchive" in note for note in extract(samples.rar({"a": TEXT})).notes)


@pytest.mark.parametrize("kind", LOCKED)
@pytest.mark.parametrize("word", ["Labo2021!", "azerty", "Été-2021"])
def test_a_password_is_taken_from_the_post(sandbox: Sandbox, kind: str, word: str) -> None:
    if kind == "zip, old" and not word.isascii():
        word = "Ete-2021"
    found = by_name(sandbox.documents(LOCKED[kind](word), name="p", hints=POSTS[0].format(word)))
    assert text_of(found["p!/a.csv"]) == TEXT.decode()


@pytest.mark.parametrize("post", POSTS)
@pytest.mark.parametrize("word", ["Labo2021!", "azerty", "site.example", "x_Y-z"])
def test_the_word_for_it_is_among_the_first_candidates(post: str, word: str) -> None:
    padding = "Bonjour à tous, voici le fichier que vous attendiez. " * 20
    assert word in passwords.candidates([padding + "\n" + post.format(word)])[:30]


@pytest.mark.parametrize("kind", LOCKED)
def test_what_no_password_opens_is_said_and_known_by_its_hash(kind: str) -> None:
    body = LOCKED[kind]("Labo2021!")
    found = documents(body, name="p", hints="mot de passe en message privé")
    assert any("encrypted" in document.error for document in found)
    assert not any(TEXT.decode() in layer.text for d in found for layer in d.extracted.layers)
    flat = extract(samples.zipped({"in": body}))
    assert any("encrypted" in note for note in flat.notes)
    assert {samples.sha256(body)} < set(flat.hashes)
    assert found[0].sha256 == samples.sha256(body)


def test_a_password_may_stand_in_a_neighbour_a_comment_or_a_name() -> None:
    locked = samples.locked_zip({"a.csv": TEXT}, "Labo2021!")
    beside = samples.zipped({"0.zip": locked, "lisez-moi.txt": "mdp: Labo2021!"})
    assert "p!/0.zip!/a.csv" in by_name(documents(beside, name="p"))
    named = by_name(documents(locked, name="posts/Labo2021!.zip"))
    assert text_of(named["posts/Labo2021!.zip!/a.csv"]) == TEXT.decode()
    end = locked.rindex(b"PK\x05\x06")
    comment = b"password Labo2021!"
    noted = locked[: end + 20] + struct.pack("<H", len(comment)) + comment
    assert text_of(by_name(documents(noted, name="p"))["p!/a.csv"]) == TEXT.decode()
    post = b"mdp Labo2021!\n" + __import__("base64").encodebytes(locked)
    assert any(TEXT.decode() == layer.text for layer in extract(post).layers)


def test_tries_are_bounded() -> None:
    account = Account(Limits(max_tries=7), "\n".join(f"word{at}" for at in range(100)))
    assert len(list(account.keyring.tries())) == 7
    account = Account(Limits(max_tries=7, seconds=0), "one\ntwo")
    assert list(account.keyring.tries()) == []


def test_a_picture_with_a_zip_behind_it_is_read() -> None:
    body = samples.picture() + samples.zipped({"a.csv": TEXT})
    assert any(layer.text == TEXT.decode() for layer in extract(body).layers)
    assert extract(body, shallow=True).deeper


# Hostile ones.


def test_a_million_empty_members_cost_little_and_are_said() -> None:
    name = b"a"
    local = b"PK\x03\x04" + struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + name
    entry = (
        b"PK\x01\x02\x14\x00" + struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0)
        + struct.pack("<HHHLL", 0, 0, 0, 0, 0) + name
    )  # fmt: skip
    count = 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(entry) * count, len(local), 0)
    with Sandbox(Limits(seconds=30, memory=1 << 30)) as box:
        found = box.documents(local + entry * count + end, name="p")
    assert len(found) < 20_000
    assert any("members" in document.error for document in found)


def test_a_zip_that_holds_itself_ends() -> None:
    body = samples.zipped({"a": TEXT})
    for _ in range(3):
        body = samples.zipped({"one": body, "same": body})
    found = documents(body, name="p")
    assert sum(TEXT.decode() == layer.text for d in found for layer in d.extracted.layers) == 1
    assert any("second time" in note for d in found for note in d.extracted.notes)


def test_nested_bombs_end_at_the_bounds_of_the_whole_input() -> None:
    """42.zip: each level alone keeps within its ratio, all together do not."""
    level = b"\x00" * 4_000_000
    body = samples.zipped({str(at): level + bytes([at]) for at in range(8)})
    for depth in range(3):
        body = samples.zipped({str(at): body + bytes([at, depth]) for at in range(8)})
    limits = Limits(max_unpacked=30_000_000, max_members=300)
    account_of = documents(body, name="p", limits=limits)
    assert sum(d.bytes for d in account_of) <= 2 * limits.max_unpacked
    assert len(account_of) <= 2 * limits.max_members
    assert any("bound" in d.error or "bytes" in d.error for d in account_of)


@pytest.mark.parametrize("pack", ["gzip", "bzip2", "xz", "zstd"])
def test_nested_compression_is_bounded(pack: str) -> None:
    import bz2
    import gzip
    import lzma

    how: Callable[[bytes], bytes] = {  # type: ignore[assignment]
        "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd.compress,
    }[pack]  # fmt: skip
    body = how(how(how(b"0" * 50_000_000)))
    found = extract(body, limits=Limits(max_ratio=100))
    assert sum(len(layer.text) for layer in found.layers) < 12_000_000
    assert found.notes
    deep = TEXT
    for _ in range(6):
        deep = how(deep)
    assert any("deeper" in note for note in extract(deep).notes)


def test_a_stream_that_asks_for_a_giant_window_is_refused() -> None:
    body = zstd.compress(TEXT * 50, options={zstd.CompressionParameter.window_log: 30})
    found = packed.unpack(body, "zstd", Limits(), 1 << 30)
    assert found is None or "damaged" in found.note or found.data == TEXT * 50
    header = b"\x28\xb5\x2f\xfd\x00" + bytes([(31 - 10) << 3]) + b"\x01\x00\x00"
    assert packed.unpack(header, "zstd", Limits(), 1 << 30) is None


@pytest.mark.parametrize("kind", ["zip", "tar", "7z", "rar"])
def test_names_never_become_paths(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "rar" and rar.library() is None:
        pytest.skip("libarchive is not installed")
    canary = tmp_path / "inside"
    canary.mkdir()
    monkeypatch.chdir(canary)
    names = ["../out.txt", str(tmp_path / "absolute.txt"), "a\x1b[31m\nb", "C:\\x", "ok.txt"]
    make = samples.seven_zipped_as if kind == "7z" else MAKERS[kind]
    body = make({name: b"text of " + str(at).encode() for at, name in enumerate(names)})
    found = documents(body, name="p")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inside"]
    assert all(name.isprintable() for name in by_name(found))
    read = {layer.text for d in found for layer in d.extracted.layers}
    said = [d for d in found if d.error]
    assert "text of 4" in read
    assert len(read & {f"text of {at}" for at in range(5)}) + len(said) == 5


def test_links_of_a_tar_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    packed_ = io.BytesIO()
    with tarfile.open(fileobj=packed_, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"link-{kind!r}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    found = documents(packed_.getvalue(), name="p")
    assert not any("root:" in layer.text for d in found for layer in d.extracted.layers)
    assert not any(tmp_path.iterdir())


def test_archives_inside_one_share_its_bound() -> None:
    """Each keeps within its own ratio; together they do not."""
    body = samples.zipped(
        {str(at): samples.zipped({"a": b"0" * 2_000_000 + bytes([at])}) for at in range(65, 71)}
    )
    found = documents(body, name="p", limits=Limits(max_ratio=2_000, max_unpacked=5_000_000))
    assert sum(len(layer.text) for d in found for layer in d.extracted.layers) <= 5_000_000
    assert any("bound" in d.error or "cut" in d.error for d in found)


@pytest.mark.parametrize("kind", ["zip", "tar", "7z"])
def test_the_number_of_members_is_bounded_and_said(kind: str) -> None:
    body = MAKERS[kind]({f"{at}.txt": f"text {at}".encode() for at in range(12)})
    found = documents(body, name="p", limits=Limits(max_members=5))
    assert sum("text" in layer.text for d in found for layer in d.extracted.layers) == 5
    assert any("more than 5 members" in d.error for d in found)


def test_overlapping_members_are_counted_by_what_comes_out() -> None:
    body = samples.zipped({"a": b"\0" * 2_000_000})
    directory, end = body.index(b"PK\x01\x02"), body.index(b"PK\x05\x06")
    entry = body[directory:end]
    copies = 3_000
    tail = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(entry) * copies, directory, 0
    )
    limits = Limits(max_ratio=1_000, max_unpacked=20_000_000)
    found = documents(body[:directory] + entry * copies + tail, name="p", limits=limits)
    assert sum(d.bytes for d in found if not d.holds) <= limits.max_unpacked + 2_000_000
    assert any("bound" in d.error for d in found)


def test_a_seven_zip_bomb_is_stopped_while_it_is_written() -> None:
    body = samples.seven_zipped({"a": b"\0" * 60_000_000})
    found = documents(body, name="p", limits=Limits(max_ratio=1_000))
    assert sum(d.bytes for d in found if not d.holds) <= 6_000_000
    assert any("bound" in d.error or "bound" in str(d.extracted.notes) for d in found)


@given(st.integers(0, 2**32), st.sampled_from(sorted(MAKERS)))
def test_a_damaged_archive_is_answered_in_this_process_too(seed: int, kind: str) -> None:
    rng = random.Random(seed)
    body = bytearray(MADE[kind])
    for _ in range(rng.randrange(1, 12)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    limits = Limits(seconds=5)
    if kind != "rar":  # C code: damage goes to the child only
        assert documents(bytes(body), name="x", limits=limits)
        assert extract(bytes(body), limits=limits).layers


@pytest.mark.parametrize("kind", ["rar", "7z", "zip, AES"])
def test_damage_costs_its_document_only(kind: str) -> None:
    rng = random.Random(kind)
    whole = {**MADE, "zip, AES": LOCKED["zip, AES"]("Labo2021!")}[kind]
    with Sandbox(Limits(seconds=20)) as box:
        for _ in range(30):
            body = bytearray(whole)
            for _ in range(rng.randrange(1, 20)):
                body[rng.randrange(8, len(body))] = rng.randrange(256)
            try:
                assert box.documents(bytes(body), name="x", hints="mdp Labo2021!")
            except ChildDied:
                continue
        assert box.extract(b"next").layers[0].text == "next"


MADE = {kind: make({"a.csv": TEXT * 5, "b": b"other"}) for kind, make in MAKERS.items()}


def test_the_zip_library_checks_the_sum_of_an_old_encryption() -> None:
    """A wrong password passes the short check once in 256; the text must not be garbage."""
    body = samples.old_locked_zip("a", TEXT, b"right")
    wrong = [f"w{at}" for at in range(1_500)]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        passing = []
        for word in wrong:
            try:
                archive.open("a", pwd=word.encode()).close()
            except RuntimeError:
                continue
            passing.append(word)
    assert passing
    found = documents(body, name="p", hints="mdp " + " ".join(passing[:3]) + "\nmdp right")
    assert text_of(by_name(found)["p!/a"]) == TEXT.decode()
    assert zlib.crc32(TEXT)
