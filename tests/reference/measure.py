"""Measures what the benchmarks leave out: ``python -m tests.reference.measure``.

How many settings a second one client can change, and how soon the last of many watchers of one
workspace is told of a change.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from .processes import Process, call

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\n"
)
PATIENCE = 10.0


def updates(url: str, path: str, token: str, count: int) -> float:
    """Return how many changes of the TTL a second one connection gets through."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    headers = {"Coder-Session-Token": token}
    start = time.perf_counter()
    for number in range(count):
        body = json.dumps({"ttl_ms": (1 + number % 1000) * 60_000})
        connection.request("PUT", f"/api/v2{path}/ttl", body, headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 204
    took = time.perf_counter() - start
    connection.close()
    return count / took


async def watchers(
    url: str, path: str, token: str, leaf: str, count: int, change: Callable[[str], object]
) -> list[float]:
    """Return the milliseconds from a change until the last of ``count`` watchers has it."""
    host, _, port = url.removeprefix("http://").partition(":")
    extra = UPGRADE if leaf == "watch-ws" else ""
    head = f"Host: x\r\n{extra}Coder-Session-Token: {token}\r\n\r\n"
    request = f"GET /api/v2{path}/{leaf} HTTP/1.1\r\n{head}"
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
        writer.write(request.encode())
        await reader.readuntil(b'"is_prebuild":false}')
        streams.append((reader, writer))
    times: list[float] = []
    for number in range(7):
        name = f"{leaf}-{number}-{time.monotonic_ns()}"[:32].rstrip("-")
        waiting = [
            asyncio.create_task(reader.readuntil(b'"name":"' + name.encode()))
            for reader, _ in streams
        ]
        await asyncio.sleep(0.2)
        start = time.perf_counter()
        await asyncio.to_thread(change, name)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*waiting)
        times.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(0.1)
    for _, writer in streams:
        writer.close()
    return times


def main() -> int:
    """Print the figures and return 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.reference.measure", description=__doc__)
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--updates", type=int, default=3000)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        for state in (False, True):
            arguments = ["--allow-renames", "--build-seconds", "0"]
            arguments += ["--state", str(Path(folder, "state.db"))] if state else []
            server = Process(Path(folder), *arguments)
            try:
                ready = server.ready()
                url, token = ready["url"], ready["owner"]["token"]
                template = call(url, "GET", "/templates", token)[0]["id"]
                body = {"name": "dev", "template_id": template}
                made = call(url, "POST", "/users/me/workspaces", token, body)
                path = f"/workspaces/{made['id']}"
                rate = updates(url, path, token, options.updates)
                _say(f"updates{' kept in a file' if state else ''}: {rate:,.0f} a second")
                if state:
                    continue

                def rename(name: str, url: str = url, path: str = path, token: str = token) -> None:
                    call(url, "PATCH", path, token, {"name": name})

                for leaf in ("watch", "watch-ws"):
                    times = asyncio.run(watchers(url, path, token, leaf, options.watchers, rename))
                    _say(
                        f"{leaf}, {options.watchers} watchers, the last one told after "
                        f"{median(times):.0f} ms ({min(times):.0f}-{max(times):.0f})"
                    )
            finally:
                server.kill()
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
