"""A time stamp is one only when two independent checks say so; every fault leaves none."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evidence.errors import EvidenceError, NotStamped
from evidence.timestamp.authority import ask
from evidence.timestamp.check import check
from tests.evidence.tsa import TimeStampServer

DATA = b"what was there at that time"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_real_authority_stamps(tsa: TimeStampServer, algorithm: str) -> None:
    stamp = ask(tsa.authority(), DATA, algorithm)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert stamp.good_until > datetime.now(UTC) + timedelta(days=3000)
    digest = hashlib.new(algorithm, DATA).digest()
    check(stamp.reply, digest, nonce=None, roots=tsa.root.certificate_file)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("slow", "within 1 s"),
        ("status", "status 503"),
        ("garbage", "DER"),
        ("refuses", "refused"),
        ("nonce", "does not hold: Nonce"),
        ("use", "for time stamps alone"),
        ("imprint", "does not hold"),
    ],
)
def test_a_fault_leaves_no_stamp(tsa: TimeStampServer, fault: str, says: str) -> None:
    tsa.fault = fault
    with pytest.raises(NotStamped, match=says):
        ask(tsa.authority(seconds=1.0 if fault == "slow" else 15.0), DATA)


def test_an_authority_that_is_down_leaves_no_stamp(tsa: TimeStampServer) -> None:
    down = replace(tsa.authority(), url="http://127.0.0.1:9/tsr")
    with pytest.raises(NotStamped, match="refused"):
        ask(down, DATA)


def test_another_root_is_no_trust(tsa: TimeStampServer) -> None:
    stranger = replace(tsa.authority(), roots=tsa.wrong.certificate_file)
    with pytest.raises(NotStamped):
        ask(stranger, DATA)


def test_an_unknown_algorithm_is_an_error(tsa: TimeStampServer) -> None:
    with pytest.raises(EvidenceError, match="not known"):
        ask(tsa.authority(), DATA, "sha1")


def test_flipped_bits_of_a_reply_hardly_ever_pass_and_never_unseen(tsa: TimeStampServer) -> None:
    """What both checks let through is a bit outside of what is signed; its digest is kept."""
    stamp = ask(tsa.authority(), DATA)
    chosen = random.Random(7)
    for _ in range(12):
        place = chosen.randrange(len(stamp.reply) * 8)
        damaged = bytearray(stamp.reply)
        damaged[place // 8] ^= 1 << place % 8
        try:
            check(bytes(damaged), stamp.imprint, nonce=None, roots=tsa.root.certificate_file)
        except NotStamped:
            continue
        assert hashlib.sha256(damaged).hexdigest() != stamp.reply_sha256
