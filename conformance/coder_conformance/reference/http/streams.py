"""Endless answers: server-sent events and WebSocket messages about one workspace."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from typing import Any

from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.guards import template_readable
from coder_conformance.reference.http.render import to_json
from coder_conformance.reference.http.reply import Header, envelope
from coder_conformance.reference.rules import access

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A watcher who reads too slowly loses the oldest news; the newest always arrives.
MAX_WAITING_FRAMES = 256
SSE_PING = b"event: ping\n\n"
WEBSOCKET_PING = '{"type":"ping","data":null}\n'
# How long a client may keep a WebSocket from being written to.
WRITE_SECONDS = 10.0
NOT_SENT = "Unable to send newest message"
CLIENT_SENT = "Clients cannot send messages for one-way WebSockets"


class Feed:
    """The news of one workspace for one watcher, waiting to be sent."""

    def __init__(self, context: Context) -> None:
        """Watch the workspace of ``context`` with the rights that its actor has now."""
        self._context = context
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=MAX_WAITING_FRAMES)
        self._wake = asyncio.Event()
        self.shutdown = False
        self.gone = False
        self.violated = False

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be sent."""
        return self.shutdown or self.gone or self.violated

    def add(self) -> None:
        """Take down the present state of the workspace."""
        self._waiting.append(self._snapshot())
        self._wake.set()

    def end(self) -> None:
        """Have the stream end because the server stops."""
        self.shutdown = True
        self._wake.set()

    def take(self) -> list[tuple[str, bytes]]:
        """Return what waits, as pairs of event type and JSON, and forget it."""
        frames = list(self._waiting)
        self._waiting.clear()
        return frames

    async def wait(self, seconds: float | None) -> None:
        """Return when there is news, the end has come or ``seconds`` have passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()

    async def listen(self, receive: Receive) -> None:
        """Watch the client until it goes away or says something it must not."""
        while not self.ended:
            match (await receive())["type"]:
                case "http.disconnect" | "websocket.disconnect":
                    self.gone = True
                case "websocket.receive":
                    self.violated = True
                case _:
                    continue
        self._wake.set()

    def _snapshot(self) -> tuple[str, bytes]:
        context = self._context
        workspace = context.world.store.workspaces.get(context.workspace.id)
        if workspace is None or not access.can(context.actor, access.READ, workspace):
            return "error", to_json(envelope("Internal error fetching workspace."))
        if not template_readable(context, workspace):
            problem = envelope("Forbidden reading template of selected workspace.")
            return "error", to_json(problem)
        return "data", context.workspace_json.write(workspace, context.actor.user_id)


class Streams:
    """All streams that are open."""

    def __init__(self) -> None:
        """Start without one."""
        self._open: set[Feed] = set()
        self._stopped = False

    @contextlib.contextmanager
    def feed(self, context: Context) -> Generator[Feed]:
        """Give a feed that is subscribed to its workspace and holds the present state."""
        feed = Feed(context)
        unsubscribe = context.world.events.subscribe(context.workspace.id, feed.add)
        self._open.add(feed)
        if self._stopped:
            feed.end()
        feed.add()
        try:
            yield feed
        finally:
            self._open.discard(feed)
            unsubscribe()

    def stop(self) -> None:
        """End all streams, and at once those that are opened from now on."""
        self._stopped = True
        for feed in self._open:
            feed.end()

    def count(self) -> int:
        """Return how many streams are open."""
        return len(self._open)


async def serve_events(
    feed: Feed, headers: list[Header], receive: Receive, send: Send, heartbeat: float
) -> None:
    """Send server-sent events until the client leaves or the server stops."""
    loop = asyncio.get_running_loop()
    next_ping = loop.time() + heartbeat
    listener = asyncio.create_task(feed.listen(receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _send_chunk(send, SSE_PING)
        while not feed.ended:
            frames = feed.take()
            if frames:
                await _send_chunk(send, b"".join(_event(kind, text) for kind, text in frames))
            elif loop.time() >= next_ping:
                next_ping += heartbeat
                await _send_chunk(send, SSE_PING)
            else:
                await feed.wait(next_ping - loop.time())
        if not feed.gone:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        listener.cancel()


async def serve_messages(feed: Feed, headers: list[Header], receive: Receive, send: Send) -> None:
    """Send WebSocket messages until the client leaves or the server stops.

    The pings of the protocol are the business of the server below.
    """
    await receive()
    await send({"type": "websocket.accept", "headers": headers})
    listener = asyncio.create_task(feed.listen(receive))

    async def say(message: str) -> None:
        async with asyncio.timeout(WRITE_SECONDS):
            await send({"type": "websocket.send", "text": message})

    try:
        await say(WEBSOCKET_PING)
        while not feed.ended:
            for kind, text in feed.take():
                await say('{"type":"' + kind + '","data":' + text.decode() + "}\n")
            if not feed.ended:
                await feed.wait(None)
        if feed.violated:
            await send({"type": "websocket.close", "code": 1002, "reason": CLIENT_SENT})
        elif feed.shutdown:
            await send({"type": "websocket.close", "code": 1000, "reason": "Connection closed"})
    except TimeoutError:
        # The client does not read. It gets to know why if it ever does.
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(WRITE_SECONDS):
                await send({"type": "websocket.close", "code": 1011, "reason": NOT_SENT})
    except OSError:
        # The client went away while something was being sent to it.
        feed.gone = True
    finally:
        listener.cancel()


async def _send_chunk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _event(kind: str, text: bytes) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + text + b"\n\n"
