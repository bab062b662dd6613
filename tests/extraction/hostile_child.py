"""A child of the sandbox that misbehaves as a document's name tells it to."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from extraction import child, confine, messages, pipe, readers, shared
from extraction.layers import Document, Extracted, Layer

PERMITTED = (
    "open", "connect", "fork", "exec", "kill", "raise-limit", "make-writable", "send-descriptor"
)  # fmt: skip


def _raw(sock: socket.socket, head: bytes, body: bytes, *, lie: int = 0) -> None:
    sock.sendall(struct.pack(">IQ", len(head), len(body) + lie) + head + body)


def _told(text: str) -> tuple[dict[str, object], bytes]:
    return messages.pack([Document("", 0, "", Extracted((Layer("", text),)))])


def misbehave(sock: socket.socket, way: str) -> None:
    """Do it. Returns only when an answer was sent."""
    if way == "segfault":
        ctypes.string_at(0)
    elif way == "exit":
        os._exit(3)
    elif way == "hang":
        time.sleep(600)
    elif way == "drip":
        while True:
            sock.sendall(b"\0")
            time.sleep(0.5)
    else:
        lie(sock, way)


def lie(sock: socket.socket, way: str) -> None:
    """Send an answer that is none."""
    header, body = _told("x")
    head = json.dumps(header).encode()
    if way == "long-header":
        sock.sendall(struct.pack(">IQ", 0xFFFFFFFF, 0))
    elif way == "long-body":
        sock.sendall(struct.pack(">IQ", len(head), 1 << 60) + head)
    elif way == "half":
        _raw(sock, head, body, lie=10)
        os._exit(0)
    elif way == "more-readers":
        pipe.send(sock, {"readers": True}, b"", None)
    elif way == "no-json":
        _raw(sock, b"{", b"")
    elif way == "wrong-shape":
        _raw(sock, b'{"documents": [{"name": 1}]}', b"")
    elif way == "lying-layer":
        _raw(sock, head.replace(b", 1]", b", 9]"), body)
    elif way == "spare-bytes":
        _raw(sock, head, body + b"more")


def _place(whole: memoryview, at: int) -> int:
    """The address of a byte of the memory that it shares."""
    anything = ctypes.py_object(whole)
    view = (ctypes.c_char * 96)()
    libc = ctypes.pythonapi
    libc.PyObject_GetBuffer.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
    libc.PyObject_GetBuffer(anything, view, 0)
    return int(ctypes.c_void_p.from_buffer(view).value or 0) + at


def permitted(way: str, sock: socket.socket, place: int) -> str:
    """What the kernel says to an attempt to get out."""
    try:
        if way == "open":
            Path("/etc/hostname").read_bytes()
        elif way == "connect":
            socket.socket().close()
        elif way == "fork":
            os.fork()
        elif way == "exec":
            os.execv("/bin/true", ["true"])  # noqa: S606
        elif way == "kill":
            os.kill(os.getppid(), 0)
        elif way == "raise-limit":
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        elif way == "make-writable":
            page = ctypes.c_void_p(place & ~4095)
            if ctypes.CDLL(None).mprotect(page, ctypes.c_size_t(4096), 3) != 0:
                return "refused"
        elif way == "send-descriptor":
            socket.send_fds(sock, [b"x"], [sock.fileno()])
    except OSError as error:
        return f"refused with {error.errno}"
    except ValueError:
        return f"refused with {errno.EPERM}"  # how `resource` tells it
    return "it worked"


def answer_several(sock: socket.socket, job: dict[str, Any], whole: memoryview) -> None:
    """As the first name of some documents says that is an order."""
    way = next((str(name) for name, *_ in job["several"] if name), "")
    header, texts = child.answer_several(job, whole, readers.Held())
    if way == "one-less":
        header["several"].pop()
    elif way == "longer":
        header["several"][0]["length"] += 1
    elif way == "shapeless":
        header["several"][0] = {"documents": 1, "length": header["several"][0]["length"]}
    elif way == "nothing":
        header = {}
    elif way:
        misbehave(sock, way)
        return
    pipe.send(sock, header, texts, None)


def main() -> None:
    """As `extraction.child.main`, with the name of each document as an order."""
    handle, memory, _, everything = map(int, sys.argv[1:5])
    whole = shared.attach(*map(int, sys.argv[5:7])) if len(sys.argv) > 5 else memoryview(b"")
    sock = socket.socket(fileno=handle)
    if os.fork() == 0:
        # What a reader may have started before it was limited: it ends with the group.
        sock.close()
        time.sleep(600)
    # What misbehaves is the child, whatever its readers; those of all kinds take most of its start.
    (readers.import_all if everything else readers.import_some)()
    confine.bound(memory, files=0, shared=len(whole))
    confine.only_compute()
    pipe.send(sock, {"ready": True}, b"", None)
    while True:
        job, body = pipe.receive(sock, 1 << 30, None)
        if "several" in job:
            answer_several(sock, job, whole)
            continue
        way = str(job["name"])
        if "at" in job:
            body = bytes(whole[job["at"] : job["at"] + job["size"]])
        if way in PERMITTED:
            pipe.send(sock, *_told(permitted(way, sock, _place(whole, job.get("at", 0)))), None)
        elif way == "memory":
            job["name"] = ""
            hoard: list[bytes] = []
            try:
                while len(hoard) < 16:  # twice the bound of the tests
                    hoard.append(bytes(1 << 26))
                pipe.send(sock, *_told("it worked"), None)
            except MemoryError:
                pipe.send(sock, {"error": "memory"}, b"", None)
        elif way == "scribble":
            ctypes.memmove(_place(whole, job["at"]), b"gone", 4)
            pipe.send(sock, *_told("it worked"), None)
        elif way:
            misbehave(sock, way)
        else:
            pipe.send(sock, *child.answer(job, body, None, str, readers.Held()), None)


if __name__ == "__main__":
    main()
