"""Host names: one look-up, every answer judged."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.errors import EgressError, NotFound, Refused
from egress.policy import Policy
from egress.resolve import PinnedNames, canonical_host, resolve, resolve_blocking


class Names:
    """A resolver whose answers change with every question, as a rebinding server's do."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        self.asked.append(name)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


UNUSUAL = [
    "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "127.0.0.01",
    "0", "00", "0x", "1.2.3.4.5", "256.1.1.1", "127.0.0.1.", "１２７.0.0.1", "①②⑦.0.0.1",
    "127。0。0。1", "[127.0.0.1]", "[::1%lo]", "fe80::1%eth0", "::1::", "[", "a b", "a/b", "a@b",
    "", ".", "..", "-a.example", "a..b", "a" * 64 + ".example", "xn--\u00e9", "a\x00b", "host.1",
    "example.0x7f", "ex_ample.example\n",
]  # fmt: skip


@pytest.mark.parametrize("host", UNUSUAL)
async def test_unusual_forms_are_refused_before_any_look_up(host: str) -> None:
    names = Names(["8.8.8.8"])
    with pytest.raises(Refused):
        await resolve(host, 443, Policy(), look_up=names)
    assert names.asked == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "::1", "169.254.169.254", "[::ffff:10.0.0.1]", "[64:ff9b::a9fe:a9fe]"],
)
async def test_inside_literals_are_refused(host: str) -> None:
    with pytest.raises(Refused):
        await resolve(host, 80, Policy())


@pytest.mark.parametrize(
    ("host", "canonical"),
    [("Example.ORG.", "example.org"), ("münchen.example", "xn--mnchen-3ya.example"),
     ("ＥＸＡＭＰＬＥ.org", "example.org"), ("a_b.example", "a_b.example"),
     ("[2600::1]", "2600::1")],
)  # fmt: skip
def test_names_have_one_form(host: str, canonical: str) -> None:
    assert canonical_host(host) == canonical


async def test_of_several_answers_only_public_ones_are_dialled() -> None:
    names = Names(["10.0.0.1", "8.8.8.8", "::1", "8.8.8.8"])
    assert await resolve("mixed.example", 443, Policy(), look_up=names) == ["8.8.8.8"]


async def test_a_name_that_leads_inside_only_is_refused() -> None:
    with pytest.raises(Refused, match=r"10\.0\.0\.1 is private"):
        await resolve("a.example", 443, Policy(), look_up=Names(["10.0.0.1", "127.0.0.1"]))


async def test_ports_are_a_website_s_unless_the_network_is_named() -> None:
    names = Names(["8.8.8.8"])
    for port in (80, 443, 8080, 8443):
        assert await resolve("a.example", port, Policy(), look_up=names)
    for port in (22, 25, 6379, 9200):
        with pytest.raises(Refused, match=f"port {port}"):
            await resolve("a.example", port, Policy(), look_up=names)
    assert await resolve("a.example", 9200, Policy(ports=[9200]), look_up=names)
    inside = Policy(["10.0.0.0/8"])
    both = Names(["8.8.8.8", "10.0.0.1"])
    assert await resolve("a.example", 9200, inside, look_up=both) == ["10.0.0.1"]


async def test_a_name_is_looked_up_once_a_crawl() -> None:
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    pinned = PinnedNames(Policy(["127.0.0.0/8"]), look_up=names)
    answers = await asyncio.gather(*(pinned.resolve("Rebind.example", 443) for _ in range(20)))
    assert answers == [["8.8.8.8"]] * 20
    assert await pinned.resolve("rebind.example.", 80) == ["8.8.8.8"]
    assert names.asked == ["rebind.example"]


async def test_a_name_that_failed_is_not_asked_again() -> None:
    names = Names([], ["127.0.0.1"])
    pinned = PinnedNames(Policy(), look_up=names)
    for _ in range(2):
        with pytest.raises(NotFound):
            await pinned.resolve("gone.example", 443)
    assert len(names.asked) == 1


async def test_a_slow_look_up_ends_at_its_time() -> None:
    async def slow(name: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return ["8.8.8.8"]

    with pytest.raises(NotFound, match=r"0\.05 s"):
        await resolve("slow.example", 443, Policy(), look_up=slow, timeout=0.05)
    with pytest.raises(NotFound):
        await PinnedNames(Policy(), look_up=slow, timeout=0.05).resolve("slow.example", 443)


async def test_the_system_s_resolver_is_judged_too() -> None:
    with pytest.raises(Refused):
        await resolve("localhost", 80, Policy())
    assert "127.0.0.1" in await resolve("localhost", 80, Policy(["127.0.0.0/8"]))
    with pytest.raises(Refused):
        resolve_blocking("localhost", 80, Policy())
    with pytest.raises(NotFound):
        resolve_blocking("no-such-name.invalid", 80, Policy())


def test_blocking_look_ups_work_in_any_thread() -> None:
    found: list[list[str]] = []
    policy = Policy(["127.0.0.0/8"])
    worker = threading.Thread(
        target=lambda: found.append(resolve_blocking("127.0.0.1", 81, policy))
    )
    worker.start()
    worker.join()
    assert found == [["127.0.0.1"]]


@given(st.text(max_size=30))
def test_any_text_is_a_host_in_one_form_or_refused(host: str) -> None:
    try:
        name = canonical_host(host)
    except EgressError:
        return
    assert canonical_host(name) == name
    assert name.isascii()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{:d}", "0x{:x}", "0{:o}", "0X{:X}"]))
def test_no_address_written_as_one_number_passes(number: int, form: str) -> None:
    with pytest.raises(Refused):
        canonical_host(form.format(number))
