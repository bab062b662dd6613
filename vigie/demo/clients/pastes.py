"""The two paste sites: pinnwand's JSON API and bepasty's upload form."""

from __future__ import annotations

from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from vigie.demo.clients.http import Posted, Session
from vigie.demo.errors import PosterError


class PinnwandClient(Session):
    """Pastes on pinnwand. It lists nothing, so there is no `find`: a paste whose address was
    lost is reachable by no one."""

    def paste(self, text: str, *, lexer: str = "text") -> Posted:
        """A paste of one file."""
        answer = self.post(
            "/api/v1/paste",
            expect=(200,),
            json={"expiry": "1year", "files": [{"lexer": lexer, "content": text}]},
        )
        link = str(answer.json().get("link", ""))
        if not link.startswith(self.address):
            raise PosterError(f"{self.address} named no address for a paste it took.")
        return Posted(link)


class BepastyClient(Session):
    """Pastes on bepasty, found again by their file name on its public list."""

    def paste(self, name: str, text: str, *, content_type: str = "text/plain") -> Posted:
        """A text pasted into the form."""
        answer = self.post(
            "/+upload",
            expect=(302,),
            files={
                "text": (None, text.encode()),
                "contenttype": (None, content_type.encode()),
                "filename": (None, name.encode()),
                "maxlife-value": (None, b"1"),
                "maxlife-unit": (None, b"years"),
            },
        )
        return Posted(urljoin(self.address, answer.headers["location"]).partition("#")[0])

    def upload(self, name: str, body: bytes, *, content_type: str) -> Posted:
        """A file uploaded through the form."""
        answer = self.post(
            "/+upload",
            expect=(302,),
            files={"file": (name, body, content_type)},
            data={"maxlife-value": "1", "maxlife-unit": "years"},
        )
        return Posted(urljoin(self.address, answer.headers["location"]).partition("#")[0])

    def find(self, name: str) -> Posted | None:
        """The newest paste of that file name."""
        page = LexborHTMLParser(self.get("/+list").text)
        for link in page.css("a[href]"):
            if link.text(strip=True) == name:
                return Posted(
                    urljoin(self.address, link.attributes["href"] or "").partition("#")[0]
                )
        return None
