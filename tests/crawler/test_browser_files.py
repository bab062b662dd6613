"""Files that a page gives in the browser: matched as attachments, bounded, nothing sent."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><meta charset=utf-8><body><main id=app></main>%s<script>
const post = document.createElement("article"); post.className = "post";
post.textContent = "le texte que seul le script " + "écrit sur cette page";
document.getElementById("app").append(post);
function give(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type: "text/csv"}));
  link.download = name; document.body.append(link); link.click();
}
%s
</script>"""
SHOWN = "le texte que seul le script écrit sur cette page"
ROW = "une ligne du fichier que la page donne"


def test_a_file_that_a_script_gives(watcher: Any, source: Any, hostile: Any) -> None:
    hostile.page("/", PAGE % ("", f"setTimeout(() => give('{ROW}', 'liste.csv'), 400);"))
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert SHOWN in found.texts
    assert ROW in found.texts
    given = next(post for post in found.posts if ROW in post.layers[0][1])
    assert given.location.endswith("#file-1")
    assert "liste" not in given.location


def test_a_button_that_gives_a_file_is_pressed_and_no_other(
    watcher: Any, source: Any, hostile: Any
) -> None:
    buttons = f"""
    <button onclick="give('{ROW}', 'a.csv')">Télécharger le fichier</button>
    <button onclick="fetch('/pressed')">Supprimer</button>
    <form action="/sent"><button>Download</button></form>
    """
    hostile.page("/", PAGE % (buttons, ""))
    found = watcher.crawl(source(hostile.address, engine="generic", render="always"))
    assert ROW in found.texts
    assert "/pressed" not in hostile.asked
    assert not any(path.startswith("/sent") for path in hostile.asked)


def test_pressing_a_button_changes_nothing(watcher: Any, source: Any, hostile: Any) -> None:
    button = """<button onclick="fetch('/delete/5'); fetch('/x', {method: 'POST'});
      fetch('/list.csv')">Télécharger</button>"""
    hostile.page("/", PAGE % (button, ""))
    watcher.crawl(source(hostile.address, engine="generic"))
    assert "/list.csv" in hostile.asked
    assert "/delete/5" not in hostile.asked
    assert "/x" not in hostile.asked


def test_a_page_that_leads_to_a_file_by_itself(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    hostile.page("/", PAGE % ("", "setTimeout(() => location = '/f/9', 300);"))
    hostile.answers["/f/9"] = reply(
        ROW.encode(), "application/octet-stream",
        more="Content-Disposition: attachment; filename=x.txt\r\n",
    )  # fmt: skip
    found = watcher.crawl(source(hostile.address, engine="generic"))
    assert SHOWN in found.texts
    assert ROW in found.texts
    assert any(post.location == f"{hostile.address}/f/9" for post in found.posts)


def test_an_address_that_is_a_file(watcher: Any, source: Any, hostile: Any, reply: Any) -> None:
    hostile.answers["/f/9"] = reply(
        ROW.encode(), "application/octet-stream",
        more="Content-Disposition: attachment; filename=x.txt\r\n",
    )  # fmt: skip
    spec = source(f"{hostile.address}/f/9", engine="generic", render="always")
    assert ROW in watcher.crawl(spec).texts


def test_a_file_that_is_too_large_costs_itself_alone(
    watcher: Any, source: Any, hostile: Any
) -> None:
    script = f"give('x'.repeat(40e6), 'large.csv'); give('{ROW}', 'small.csv');"
    hostile.page("/", PAGE % ("", script))
    found = watcher.crawl(source(hostile.address, engine="generic", timeout=20.0))
    assert SHOWN in found.texts
    assert found.kinds == ["too-large"]
    assert ROW in found.texts


def test_a_file_without_an_end_is_cut_off(watcher: Any, source: Any, hostile: Any) -> None:
    sent = 0

    def pour(page: socket.socket) -> None:
        nonlocal sent
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        page.sendall(f"{head}Content-Disposition: attachment\r\nConnection: close\r\n\r\n".encode())
        while sent < 200e6:
            page.sendall(b"x" * 4_000_000)
            sent += 4_000_000
            time.sleep(0.1)

    hostile.answers["/f/9"] = pour
    spec = source(f"{hostile.address}/f/9", engine="generic", render="always", timeout=20.0)
    assert watcher.crawl(spec).kinds == ["too-large"]
    assert 32e6 < sent < 120e6
