"""A SOCKS5 proxy on loopback (RFC 1928, RFC 1929) that remembers what it was asked, and leads every
name to one server."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

NO_AUTH, PASSWORD = 0, 2
CONNECT, NAME, IPV4 = 1, 3, 1


class SocksServer:
    """`asked` are (name or address, port, user name) of every connection."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.asked: list[tuple[str, int, str]] = []
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self._open = True
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """What a source's `proxy` says."""
        return f"socks5h://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._open = False
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while self._open:
            with contextlib.suppress(TimeoutError):
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            _, count = _read(sock, 2)
            methods = _read(sock, count)
            user = ""
            if PASSWORD in methods:
                sock.sendall(bytes((5, PASSWORD)))
                _, length = _read(sock, 2)
                user = _read(sock, length).decode()
                _read(sock, _read(sock, 1)[0])
                sock.sendall(bytes((1, 0)))
            else:
                sock.sendall(bytes((5, NO_AUTH)))
            _, command, _, kind = _read(sock, 4)
            assert command == CONNECT
            if kind == NAME:
                host = _read(sock, _read(sock, 1)[0]).decode()
            else:
                host = socket.inet_ntoa(_read(sock, 4))
            (port,) = struct.unpack(">H", _read(sock, 2))
            self.asked.append((host, port, user))
            with socket.create_connection(self._target) as far:
                sock.sendall(bytes((5, 0, 0, IPV4, 127, 0, 0, 1, 0, 1)))
                back = threading.Thread(target=_pump, args=(far, sock), daemon=True)
                back.start()
                _pump(sock, far)
                back.join(5)


def _read(sock: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = sock.recv(size - len(found))
        if not part:
            raise OSError("closed")
        found += part
    return found


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
