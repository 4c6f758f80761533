"""A server that sends the same event again and again, as fast as it is taken.

Started as ``python stream_server.py FILE``; prints its port, and ends when its input ends. The path
of a request says how: one that ends in ``watch-ws`` gets a WebSocket, others server-sent events.
Every stream has as many events as the query parameter ``events`` says, ``pace`` of them a second or
all at once, and a proper end.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import sys
import threading
import time
from pathlib import Path

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # of RFC 6455


def _frame(opcode: int, payload: bytes) -> bytes:
    if len(payload) < 126:
        return bytes([0x80 | opcode, len(payload)]) + payload
    return bytes([0x80 | opcode, 126]) + len(payload).to_bytes(2, "big") + payload


def _serve(connection: socket.socket, data: bytes) -> None:
    with connection:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        count = int(re.findall(rb"[?&]events=(\d+)", head)[0])
        if b"/watch-ws" in head.split(b"\r\n", 1)[0]:
            key = re.findall(rb"(?i)sec-websocket-key: *(\S+)", head)[0]
            accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
            connection.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            piece = _frame(1, b'{"type":"data","data":' + data + b"}\n")
            ending = _frame(8, (1000).to_bytes(2, "big"))
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            piece, ending = b"event: data\ndata: " + data + b"\n\n", b""
        pace = int((re.findall(rb"[?&]pace=(\d+)", head) or [b"0"])[0])
        started = time.monotonic()
        for number in range(count):
            if pace and (wait := started + number / pace - time.monotonic()) > 0:
                time.sleep(wait)
            connection.sendall(piece)
        connection.sendall(ending)


def _accept(listener: socket.socket, data: bytes) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, data), daemon=True).start()


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        content = Path(sys.argv[1]).read_bytes().strip()
        threading.Thread(target=_accept, args=(server, content), daemon=True).start()
        # The parent holds the other end; it closes when the parent ends, however that happens.
        sys.stdin.read()
