"""One location by many addresses, and addresses that are never opened."""

from __future__ import annotations

import pytest

from crawler import addresses


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("HTTP://Forum.Example:80/a?sid=0f0f&t=5#p9", "http://forum.example/a?t=5"),
        ("http://f.example/v.php?t=5&sid=abcdef", "http://f.example/v.php?t=5"),
        ("http://f.example/index.php?PHPSESSID=q1&topic=4.0", "http://f.example/index.php?topic=4.0"),
        ("http://f.example/i.php?topic=4.0;PHPSESSID=q1", "http://f.example/i.php?topic=4.0"),
        ("http://f.example/i.php?PHPSESSID=q1;topic=4.0;wap", "http://f.example/i.php?topic=4.0;wap"),
        ("http://f.example/a;jsessionid=77?x=1", "http://f.example/a?x=1"),
        ("http://f.example/a?q=d%C3%A9j%C3%A0+vu&utm_source=x", "http://f.example/a?q=d%C3%A9j%C3%A0+vu"),
    ],
)  # fmt: skip
def test_sessions_and_tracking_are_no_part_of_an_address(address: str, canonical: str) -> None:
    assert addresses.canonical(address) == canonical
    assert addresses.canonical(canonical) == canonical


@pytest.mark.parametrize(
    "address",
    [
        "http://f.example/editpost.php?pid=4",
        "http://f.example/newreply.php?tid=4",
        "http://f.example/ratethread.php?tid=3&rating=5",
        "http://f.example/usercp2.php?action=addsubscription&tid=4",
        "http://f.example/misc.php?action=markread&fid=2",
        "http://f.example/member.php?action=logout&logoutkey=4",
        "http://f.example/moderation.php?tid=4",
        "http://f.example/index.php?action=deletemsg;topic=4.0;msg=7",
        "http://f.example/upload/",
        "http://f.example/index.php?action=markasread;sa=all",
        "http://f.example/index.php?topic=4.0;sesc=abc",
        "http://f.example/index.php?action=reporttm;topic=4.0",
        "http://f.example/viewforum.php?f=2&mark=topics",
        "http://f.example/viewtopic.php?t=4&watch=topic",
        "http://f.example/viewtopic.php?t=4&bookmark=1",
        "http://f.example/ucp.php?mode=delete_cookies",
        "http://f.example/posting.php?mode=reply&t=4",
        "http://f.example/x?my_post_key=77",
        "http://p.example/?pasteid=ab&deletetoken=cd",
        "http://p.example/remove/ABC",
    ],
)
def test_what_changes_a_site_is_never_opened(address: str) -> None:
    assert addresses.changes_something(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://f.example/showthread.php?tid=4&page=2",
        "http://f.example/index.php?topic=4.20",
        "http://f.example/index.php?action=dlattach;topic=4.0;attach=2",
        "http://f.example/index.php?action=recent",
        "http://f.example/viewtopic.php?t=4&view=print",
        "http://f.example/marketplace.php?id=4",
        "http://f.example/address.php",
        "http://f.example/t/how-to-delete-an-account/5",
        "http://f.example/upload/pig-dog-cat",
        "http://f.example/bank.php?action=list",
    ],
)
def test_what_only_reads_is_opened(address: str) -> None:
    assert not addresses.changes_something(address)
