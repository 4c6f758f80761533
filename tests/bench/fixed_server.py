"""A server that answers every request with the same bytes, faster than any client asks.

Started as ``python fixed_server.py FILE``; prints its port, and ends when its input ends.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path


class _Connection(asyncio.Protocol):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._rest = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        # Requests are GETs: each ends with its first empty line.
        *requests, self._rest = (self._rest + data).split(b"\r\n\r\n")
        if requests and self._transport is not None:
            self._transport.write(self._answer * len(requests))


async def _serve(body: bytes) -> None:
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(head.encode() + body), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        # The parent holds the other end; it closes when the parent ends, however that happens.
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]).read_bytes()))
