"""The picture of a page: taken by a real browser behind the guard, masked as it is taken."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image

from capture.picture import Picture, PictureFailed
from crawler.picture import Photographer
from crawler.source import SourceSpec

pytestmark = pytest.mark.browser

VALUES = ("QUENOUILLE", "Zephirine", "1850578006084", "0639987412")
OTHERS = ("LI", "Jo", "2", "07")
PLANTED = (255, 0, 254)  # a colour that stands for what a picture can hold
COLOUR = "%23ff00fe"
PAGE = """<!doctype html><html lang=en><meta charset=utf-8><title>{0}</title>
<style>h1::after{{content:"{0}"}} .back{{background:linear-gradient(#ff00fe,#ff00fe);height:9px}}
  td{{border:1px solid}}</style>
<h1 class="{0}" title="{1}">Nom</h1><p>{0} {1}, <b>{0}</b><i>{1}</i></p><!-- {2} -->
<table><tr><td>NIR<td>{2}<tr><td>phone<td>{3}</table><pre>{2};{0};{1}
{2};{0};{1}</pre><input value="{0}"><textarea>{2}</textarea><select><option>{1}</select>
<div id=in></div><div class=back></div><canvas id=c width=90 height=40></canvas>
<img alt="{0}" src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='80'
 height='60'><rect width='80' height='60' fill='{4}'/></svg>"><iframe srcdoc="{0}"></iframe>
<svg width=50 height=20><text y=15>{0}</text></svg><details><summary>x</summary>{0}</details>
<a href="/who/{0}">{1}</a><img src="http://127.0.0.2:9/{0}.png">
<script>const brush = c.getContext("2d"); brush.fillStyle = "#ff00fe"; brush.fillRect(0, 0, 90, 40);
document.getElementById("in").attachShadow({{mode: "open"}}).innerHTML = "<p>{0} {3}</p>";
document.getElementById("in").dataset.who = "{0}"; localStorage.x = "{0}";</script>"""


def spec_of(hostile: Any, **more: Any) -> SourceSpec:
    networks = more.pop("allow_addresses", ("127.0.0.0/8",))
    return SourceSpec("p", (hostile.address,), allow_addresses=networks, **more)


def take(hostile: Any, path: str = "/", **more: Any) -> Picture:
    return Photographer().take(spec_of(hostile, **more), f"{hostile.address}{path}")


def colours(png: bytes) -> set[tuple[int, ...]]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return {colour for _, colour in image.getcolors(1 << 24) or ()}  # type: ignore[misc]


def pixels(png: bytes) -> bytes:
    """Below our own banner, which holds the time."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return image.crop((0, 60, *image.size)).tobytes()


def test_text_and_pixels_hold_nothing_of_the_values(hostile: Any) -> None:
    """The original shows them; the masked copy is the same, pixel by pixel, whatever they are."""
    hostile.page("/", PAGE.format(*VALUES, COLOUR))
    one = take(hostile)
    assert PLANTED in colours(one.untrusted_page)
    assert all(value.encode() in one.untrusted_dom for value in VALUES)
    assert PLANTED not in colours(one.page)
    for value in VALUES:
        assert value.lower() not in one.dom.decode().lower()
        assert value.encode() not in one.page
        assert value not in str(one.facts)
    assert "NIR" in one.dom.decode()  # a label is no value
    hostile.page("/", PAGE.format(*OTHERS, COLOUR))
    assert pixels(take(hostile).page) == pixels(one.page)
    facts = one.facts
    assert (facts["request"], facts["status"], facts["language"]) == ("second", 200, "en")
    assert facts["requests_withheld"] >= 1  # the other host's picture


def test_it_goes_nowhere_the_source_may_not(hostile: Any, canary: Any) -> None:
    place, hits = canary
    hostile.page("/", f'<p>nom<img src="http://{place}/i"><script src="http://{place}/s"></script>'
                 f'<iframe src="http://{place}/f"></iframe>')  # fmt: skip
    take(hostile)
    assert hits == []
    with pytest.raises(PictureFailed, match="egress guard refuses"):
        take(hostile, allow_addresses=())
    gone = spec_of(hostile)
    hostile.close()
    with pytest.raises(PictureFailed, match="did not answer"):
        Photographer().take(gone, gone.start[0])


def test_failures_are_sentences(hostile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.page("/", "<p>nom")
    outside = "http://127.0.0.3:9/QUENOUILLE"
    with pytest.raises(PictureFailed, match="no host that the source") as told:
        Photographer().take(spec_of(hostile), outside)
    assert told.value.for_good
    assert "QUENOUILLE" not in str(told.value)
    closed = Photographer()
    closed.close()
    with pytest.raises(PictureFailed, match="stopped"):
        closed.take(spec_of(hostile), hostile.address)
    monkeypatch.setenv("VIGIE_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(PictureFailed, match=r"no Chromium|did not start"):
        take(hostile)


def test_a_picture_counts_against_the_day_and_stops_at_its_end(hostile: Any) -> None:
    hostile.page("/", "<p>nom<img src=/one.png><img src=/two.png>")
    spent: list[tuple[str, dict[str, int]]] = []
    host = hostile.address.removeprefix("http://")

    def photographer() -> Photographer:
        return Photographer(lambda source, hosts: spent.append((source, dict(hosts))))

    photographer().take(spec_of(hostile), hostile.address)
    assert spent == [("p", {host: 3})]
    facts = photographer().take(spec_of(hostile, max_requests=2), hostile.address).facts
    assert spent[1:] == [("p", {host: 2})]
    assert facts["requests_withheld"] >= 1
    few = spec_of(hostile, host_budgets=((host, 1),))
    photographer().take(few, hostile.address)
    assert spent[2:] == [("p", {host: 1})]
    before = len(hostile.heads)
    with pytest.raises(PictureFailed, match="used up") as told:
        photographer().take(spec_of(hostile, max_requests=0), hostile.address)
    assert len(hostile.heads) == before
    assert not told.value.for_good


def test_a_page_behind_a_log_in_is_seen_with_the_session_of_the_account(
    hostile: Any, reply: Any
) -> None:
    def answer(sock: Any) -> None:
        inside = b"seance=ouverte" in hostile.heads[-1]
        sock.sendall(reply(b"<p>NIR" if inside else b"<p>connexion"))

    hostile.answers["/"] = answer
    cookie = {"name": "seance", "value": "ouverte", "domain": "127.0.0.1", "path": "/",
              "secure": False, "expires": None}  # fmt: skip
    seen = Photographer().take(spec_of(hostile), f"{hostile.address}/", [cookie])
    assert (b"NIR" in seen.untrusted_dom, seen.facts["as"]) == (True, "account")
    assert "ouverte" not in str(seen.facts)
    guest = take(hostile)
    assert (b"connexion" in guest.untrusted_dom, guest.facts["as"]) == (True, "guest")


def test_its_child_does_not_wait_for_what_it_has_no_use_for() -> None:
    asked = "print(sorted({'scrapy', 'httpx'} & set(sys.modules)))"
    code = f"import sys, crawler.picture_child; {asked}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
