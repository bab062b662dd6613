"""The board that needs JavaScript: its form is plain HTML, its pages are not."""

from __future__ import annotations

from urllib.parse import urljoin

from vigie.demo.clients.http import Posted, Session, hidden_field


class JsBoardClient(Session):
    """Posts on the board."""

    def publish(self, author: str, title: str, text: str) -> Posted:
        """One post through the form."""
        token = hidden_field(self.get("/new").text, "token")
        answer = self.post(
            "/new",
            expect=(303,),
            data={"token": token, "author": author, "title": title, "body": text},
        )
        return Posted(urljoin(self.address, answer.headers["location"]))

    def find(self, author: str, title: str) -> Posted | None:
        """The newest post of that author and title, asked for as the page's script does."""
        token = hidden_field(self.get("/new").text, "token")[::-1]
        for page in range(1, 4):
            found = self.get("/x", params={"page": page}, headers={"X-Board": token}).json()
            for post in found["posts"]:
                if (post["author"], post["title"]) == (author, title):
                    return Posted(f"{self.address}/p/{post['id']}")
        return None
