"""Which addresses may be dialled, in every spelling."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.errors import EgressError, Refused
from egress.policy import SPECIAL_4, Policy

INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.0.192",
]  # fmt: skip
INSIDE_6 = [
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::a9fe:a9fe", "64:ff9b::8.8.8.8", "64:ff9b:1::7f00:1", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2002:808:808::1", "2001:0:7f00:1::", "2001::1", "2001:db8::1",
    "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1",
    "ff02::1", "100::1", "4000::1", "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:7f00:1",
    "2600::1%1",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8",
    "1.1.1.1",
    "193.51.208.13",
    "2a00:1450:4007::200e",
    "2600::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("ip", INSIDE + INSIDE_6)
def test_inside_addresses_are_refused(ip: str) -> None:
    with pytest.raises(Refused, match="allow_addresses"):
        Policy().check(ip)


@pytest.mark.parametrize("ip", OUTSIDE)
def test_public_addresses_pass(ip: str) -> None:
    Policy().check(ip)


@pytest.mark.parametrize(
    "ip", ["", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "127.0.0.01", "[::1]"]
)
def test_only_the_usual_form_is_an_address(ip: str) -> None:
    with pytest.raises(Refused):
        Policy().check(ip)
    with pytest.raises(Refused):
        Policy(["0.0.0.0/0", "::/0"]).check(ip)


def wrappings(inner: ipaddress.IPv4Address) -> list[str]:
    number = int(inner)
    return [
        str(ipaddress.IPv6Address(number)) if number > 1 else "::1",
        f"::ffff:{inner}",
        f"::ffff:0:{inner}",
        str(ipaddress.IPv6Address((0x64FF9B << 96) | number)),
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)),
        str(ipaddress.IPv6Address((0x20010000 << 96) | ((~number) & 0xFFFFFFFF))),
        str(ipaddress.IPv6Address((0x2A001450 << 96) | (0x5EFE << 32) | number)),
    ]


@given(st.integers(0, 2**32 - 1), st.sampled_from([network for network, _ in SPECIAL_4]))
def test_no_wrapping_leads_inside(number: int, network: ipaddress.IPv4Network) -> None:
    inner = network[number % network.num_addresses]
    assert not Policy().allows(str(inner))
    for ip in wrappings(inner):
        assert not Policy().allows(ip), ip


@given(st.integers(0, 2**128 - 1))
def test_whatever_passes_is_global_unicast_by_the_standard_library_too(number: int) -> None:
    for address in (ipaddress.IPv6Address(number), ipaddress.IPv4Address(number & 0xFFFFFFFF)):
        if Policy().allows(str(address)):
            assert address.is_global
            assert not address.is_multicast
            assert not address.is_reserved


def test_named_networks_are_exempt_also_when_mapped() -> None:
    policy = Policy(["127.0.0.0/8", "::1/128"])
    for ip in ("127.0.0.1", "::ffff:127.0.0.1", "::1"):
        policy.check(ip)
        assert policy.is_exempt(ip)
    assert not policy.allows("10.0.0.1")
    assert not policy.allows("::ffff:10.0.0.1")
    assert not policy.is_exempt("8.8.8.8")


@pytest.mark.parametrize(
    ("translator", "outside", "inside"),
    [
        ("64:ff9b::/96", "64:ff9b::808:808", "64:ff9b::7f00:1"),
        ("2002::/16", "2002:808:808::1", "2002:7f00:1::1"),
        ("2001::/32", "2001:0:808:808::f7f7:f7f7", "2001:0:808:808::80ff:fffe"),
        ("::/96", "::8.8.8.8", "::127.0.0.1"),
        ("::ffff:0:0/96", "::ffff:8.8.8.8", "::ffff:127.0.0.1"),
        ("::ffff:0:0:0/96", "::ffff:0:8.8.8.8", "::ffff:0:127.0.0.1"),
    ],
)
def test_naming_a_translator_does_not_open_what_is_behind_it(
    translator: str, outside: str, inside: str
) -> None:
    policy = Policy([translator])
    policy.check(outside)
    assert not policy.allows(inside)
    assert not policy.is_exempt(inside)
    assert Policy([translator, "127.0.0.0/8"]).allows(inside)


@pytest.mark.parametrize("network", ["127.0.0.1/8", "localhost", "", "1.2.3.4/33"])
def test_a_network_that_is_none_is_an_error_that_shows_the_form(network: str) -> None:
    with pytest.raises(EgressError, match="allow_addresses"):
        Policy([network])
