"""Bytes on the socket: requests that are broken somewhere, garbage, slow and odd clients."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable

from .target import Target

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
# How long an answer is waited for; garbage often gets none.
PATIENCE = 0.25
LANES = 48
INTERESTING = (
    b"\x00", b"\xff", b"\r\n", b"\n", b"\r\n\r\n", b" ", b":", b"%00", b"%zz", b"%0a", b"/", b"//",
    b"..", b"?", b"&", b";", b"=", b'"', b"{", b"}", b"[", b"\\u0000", b"null", b"-1", b"1e999",
    b"9" * 40, b"A" * 3000, b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n",
    b"Content-Length: -1\r\n", b"Expect: 100-continue\r\n", b"Connection: Upgrade\r\n",
    b"Upgrade: websocket\r\n", b"Origin: http://[x\r\n", b"HTTP/1.0", b"HTTP/2", b"Cookie: a\r\n",
    b"coder_session_token=",
)  # fmt: skip


def templates(target: Target) -> list[bytes]:
    """Return proper requests of every kind."""
    head = f"Host: {target.host}\r\nCoder-Session-Token: {target.token}\r\nConnection: close\r\n"
    template, name = target.names["template"], target.names["workspacename"]
    workspace = f"/api/v2/workspaces/{target.names['workspace']}"
    reads = ["/api/v2/workspaces?q=name:kn%20owner:me&limit=3&offset=0", workspace,
             f"{workspace}/timings", f"{workspace}/builds?limit=2&since=2020-01-01T00:00:00Z",
             f"/api/v2/users/me/workspace/{name}?include_deleted=1", "/api/v2/templates?q=docker",
             "/api/v2/buildinfo", "/api/v2/organizations/default/templates"]  # fmt: skip
    writes = [
        ("PUT", f"{workspace}/autostart", '{"schedule":"CRON_TZ=Europe/Berlin 30 9 * * 1-5"}'),
        ("PUT", f"{workspace}/ttl", '{"ttl_ms":3600000}'),
        ("PUT", f"{workspace}/extend", '{"deadline":"2030-01-01T00:00:00.5+01:00"}'),
        ("PUT", f"{workspace}/autoupdates", '{"automatic_updates":"always"}'),
        ("PATCH", workspace, '{"name":"known"}'),
        ("PATCH", f"{workspace}/acl", f'{{"user_roles":{{"{template}":"use"}}}}'),
        ("POST", f"{workspace}/usage", f'{{"agent_id":"{KEY}","app_name":"ssh"}}'),
        ("POST", "/api/v2/users/me/workspaces", '{"name":"x","rich_parameter_values":[{"a":1}]}'),
        ("POST", "/api/v2/users/login", '{"email":"a@b.c","password":"\\ud83d\\ude00"}'),
        ("DELETE", f"{workspace}/favorite", ""),
    ]
    made = [f"GET {path} HTTP/1.1\r\n{head}\r\n" for path in reads]
    made += [
        f"{method} {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
        for method, path, body in writes
    ]
    made.append(
        f"POST /api/v2/users HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n"
        '5\r\n{"use\r\n10\r\nrname":"somebody"\r\n1\r\n}\r\n0\r\n\r\n'
    )
    return [text.encode() for text in made] + [handshake(target)]


def handshake(target: Target) -> bytes:
    """Return a proper WebSocket handshake."""
    return (
        f"GET /api/v2/workspaces/{target.names['workspace']}/watch-ws HTTP/1.1\r\n"
        f"Host: {target.host}\r\nCoder-Session-Token: {target.token}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    ).encode()


def mutate(text: bytes, source: random.Random) -> bytes:
    """Return ``text`` with a few things changed."""
    for _ in range(source.choice((1, 1, 1, 2, 3, 8))):
        at = source.randrange(len(text) + 1)
        end = min(len(text), at + source.choice((0, 1, 1, 4, 20)))
        match source.randrange(4):
            case 0:
                text = text[:at] + source.randbytes(source.choice((1, 1, 4, 30))) + text[end:]
            case 1:
                text = text[:at] + source.choice(INTERESTING) + text[end:]
            case 2:
                text = text[:at] + text[end:]
            case _:
                start = source.randrange(len(text) + 1)
                text = text[:at] + text[start : start + source.randrange(60)] + text[at:]
    return text


def garbage(source: random.Random) -> bytes:
    """Return bytes that are hardly HTTP, or too much of it."""
    match source.randrange(6):
        case 0:
            return source.randbytes(source.choice((1, 10, 300, 5000)))
        case 1:
            return b"GET /" + b"a" * source.randrange(100_000) + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        case 2:
            lines = b"".join(b"X-%d: y\r\n" % n for n in range(source.randrange(20_000)))
            return b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n"
        case 3:
            return b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + source.randbytes(200)
        case 4:
            return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + source.randbytes(30)
        case _:
            return b"POST /api/v2/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"


def frames(source: random.Random) -> bytes:
    """Return what might be WebSocket frames."""
    made = b""
    for _ in range(source.randrange(1, 6)):
        first = source.choice((0x81, 0x82, 0x80, 0x88, 0x89, 0x8A, 0x01, source.randrange(256)))
        body = source.randbytes(source.choice((0, 1, 2, 125, 126, 70_000)))
        mask = source.choice((0x80, 0x80, 0x80, 0))
        size = len(body) if source.random() < 0.8 else source.getrandbits(63)
        if size < 126:
            made += bytes([first, mask | size])
        elif size < 1 << 16:
            made += bytes([first, mask | 126]) + struct.pack("!H", size)
        else:
            made += bytes([first, mask | 127]) + struct.pack("!Q", size)
        made += (b"\0\0\0\0" if mask else b"") + body
    return made


Client = Callable[[Target, random.Random], Awaitable[None]]


async def _talk(target: Target, kind: str, *chunks: bytes, pause: float = 0.0) -> None:
    """Send ``chunks`` one after another and note the answer, if one comes."""
    host, _, port = target.host.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    answer = b""
    try:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(PATIENCE):
            while len(answer) < 12:
                more = await reader.read(4096)
                if not more:
                    break
                answer += more
    except (OSError, TimeoutError):
        pass
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    if answer.startswith(b"HTTP/1.1 ") and answer[9:12].isdigit():
        target.count(kind, int(answer[9:12]), repr(b"".join(chunks))[:400])
    else:
        target.unanswered[kind] += 1


async def mutant(target: Target, source: random.Random) -> None:
    """Send a request that is broken somewhere."""
    await _talk(target, "mutated", mutate(source.choice(templates(target)), source))


async def noise(target: Target, source: random.Random) -> None:
    """Send bytes that are no request."""
    await _talk(target, "garbage", garbage(source))


async def slow(target: Target, source: random.Random) -> None:
    """Send a request in drops."""
    text = source.choice(templates(target))
    step = len(text) // 8 + 1
    chunks = [text[at : at + step] for at in range(0, len(text), step)]
    await _talk(target, "slow", *chunks, pause=0.01)


async def sockets(target: Target, source: random.Random) -> None:
    """Send nonsense over a WebSocket."""
    await _talk(target, "websocket", handshake(target), frames(source))


CLIENTS: tuple[tuple[Client, int], ...] = ((mutant, 70), (noise, 20), (slow, 3), (sockets, 7))


async def attack(
    target: Target, count: int, source: random.Random, goes_on: Callable[[], bool]
) -> int:
    """Let ``count`` clients loose, a few dozen at a time, and return how many it were."""
    left = count
    clients, weights = zip(*CLIENTS, strict=True)

    async def lane() -> None:
        nonlocal left
        while left > 0 and goes_on():
            left -= 1
            client: Client = source.choices(clients, weights)[0]
            try:
                await client(target, source)
            except OSError as error:
                target.failures.append(f"{client.__name__}: {error}")

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return count - max(left, 0)


@contextlib.asynccontextmanager
async def leeches(target: Target, count: int) -> AsyncGenerator[None]:
    """Hold open connections that never finish a request or never read, for the time of a run."""
    host, _, port = target.host.partition(":")
    watch = handshake(target).replace(b"watch-ws", b"watch").replace(b"Upgrade", b"Keep-Alive")
    held: list[asyncio.StreamWriter] = []
    for number in range(count):
        _, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write((b"GET /api", handshake(target), watch)[number % 3])
        held.append(writer)
    try:
        yield
    finally:
        for writer in held:
            writer.close()
