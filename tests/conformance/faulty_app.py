"""The reference server behind a piece of middleware that makes it wrong in one way."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Generator, Iterable, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from tests.conformance.faulty import (
    Answer,
    Call,
    Fault,
    Further,
    Json,
    Message,
    compact,
    without_content,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
API = "/api/v2"
# Seconds within which a client that went away is noticed.
_NOTICED = 0.1


@dataclass
class Tally:
    """What a faulty server knows of its fault.

    Attributes:
        armed: Whether it is wrong at all.
        occasions: How often it was wrong so far.
    """

    armed: bool = True
    occasions: int = 0


@dataclass
class Faulty:
    """An ASGI application with one fault in front of a healthy one."""

    app: App
    fault: Fault
    tally: Tally = field(default_factory=Tally)
    watchers: list[Json] = field(default_factory=list[Json])
    gone: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, wrongly if the fault is about it."""
        if scope["type"] == "websocket" and self._touches("GET", scope["path"]):
            await self._socket(scope, receive, send)
        elif scope["type"] == "http" and self._touches(scope["method"], scope["path"]):
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _touches(self, method: str, path: str) -> bool:
        inner = path.removeprefix(API)
        return bool(
            self.tally.armed
            and path.startswith(API)
            and re.fullmatch(self.fault.method, method)
            and re.fullmatch(self.fault.path, inner)
        )

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self.fault
        if fault.frames is not None and scope["path"].rstrip("/").endswith("/watch"):
            if fault.rewrite is not None:
                scope = self._reopened(scope, fault.rewrite)
            with self._watching(scope["path"]) as memory:
                await self.app(scope, receive, self._framed(send, fault.frames, memory))
            return
        call = await _read(scope, receive)
        self._note(fault.is_deployed)
        if fault.drop and (fault.when is None or fault.when(call)):
            self._note(True)
            await self._harmless(scope, call, Answer(fault.answer, {}, b""), send)
            return
        if fault.refuse is not None and fault.refuse(call):
            self._note(True)
            refusal = Answer(fault.refusal, {}, compact({"message": "Validation failed."}))
            await self._harmless(scope, call, refusal, send)
            return
        if fault.rewrite is not None:
            before = replace(call, headers={**call.headers}, query=[*call.query])
            fault.rewrite(call)
            self._note(call != before)
        caught = Answer(0, {}, b"", call)
        heard = _catcher(caught, send, self._altered)
        await self.app(_scope(scope, call), _body(call.body, receive), heard)
        if _is_stream(caught):
            return
        if fault.minds:
            call.left = await _has_left(receive)
        if fault.also is not None and caught.status < 300:
            await self._further(scope, call, fault.also(call))
        self._altered(caught)
        await self._answer(caught, receive, send)

    async def _further(
        self, scope: Scope, call: Call, more: Further | list[Further] | None
    ) -> None:
        """Carry out what was not asked for."""
        for method, path, body in more if isinstance(more, list) else [more] if more else []:
            self._note(True)
            content = b"" if body is None else json.dumps(body).encode()
            further = Call(method, path, [], {**call.headers, "content-length": "0"}, content)
            ignored = _catcher(Answer(0, {}, b""))
            await self.app(_scope(scope, further), _body(content, None), ignored)

    def _altered(self, caught: Answer) -> None:
        """Change an answer where that is the fault."""
        if self.fault.alter is not None:
            original = replace(caught, headers={**caught.headers})
            self.fault.alter(caught)
            self._note(caught != original)

    @contextmanager
    def _watching(self, path: str) -> Generator[Json]:
        """Count a watcher as long as it is there."""
        place = len(self.watchers)
        memory: Json = {"path": path, "place": place, "before": self.gone, "left": 0}
        self.watchers.append(memory)
        try:
            yield memory
        finally:
            self.watchers.remove(memory)
            self.gone += 1
            for other in self.watchers:
                other["left"] += 1

    async def _answer(self, caught: Answer, receive: Receive, send: Send) -> None:
        """Send an answer: late, in half, or not at all, where that is the fault."""
        fault = self.fault
        if "content-length" in caught.headers or caught.body:
            caught.headers["content-length"] = str(len(caught.body))
        if fault.pause:
            self._note(True)
            await asyncio.sleep(fault.pause)
        if fault.silent:
            self._note(True)
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if fault.cut and caught.body:
            self._note(True)
            caught.body = caught.body[: len(caught.body) // 2]
        await _play(caught, send)

    def _note(self, wrong: bool) -> None:
        self.tally.occasions += wrong

    def _reopened(self, scope: Scope, rewrite: Callable[[Call], None]) -> Scope:
        """The opening of a stream with other headers."""
        call = Call("GET", scope["path"].removeprefix(API), [], _headers(scope), b"")
        before = {**call.headers}
        rewrite(call)
        self._note(call.headers != before)
        return {**scope, "headers": [(k.encode(), v.encode()) for k, v in call.headers.items()]}

    def _framed(
        self, send: Send, change: Callable[[bytes, Json], Iterable[bytes]], memory: Json
    ) -> Send:
        seen, ended = 0, False

        async def framed(message: Message) -> None:
            nonlocal seen, ended
            if ended:
                return
            if not message.get("body", b"").startswith(b"event: "):
                await send(message)
                return
            for piece in message["body"].split(b"\n\n"):
                if not piece:
                    continue
                seen += 1
                await self._hold_up(seen)
                pieces = list(change(piece + b"\n\n", memory))
                self._note(pieces != [piece + b"\n\n"])
                for changed in pieces:
                    ended = ended or not changed
                    body = {"type": "http.response.body", "body": changed, "more_body": not ended}
                    await send(body)
                if ended:
                    return
            if not message.get("more_body"):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        return framed

    async def _hold_up(self, seen: int) -> None:
        """Let an event wait, but for the first ping and the first data."""
        if self.fault.pause and seen > 2:
            self._note(True)
            await asyncio.sleep(self.fault.pause)

    async def _harmless(self, scope: Scope, call: Call, said: Answer, send: Send) -> None:
        """Give an answer without doing anything: only a harmless GET reaches the server."""
        caught = Answer(0, {}, b"")
        reading = Call("GET", "/users/me", [], call.headers, b"")
        await self.app(_scope(scope, reading), _body(b"", None), _catcher(caught))
        if caught.status == 200:
            kept = {k: v for k, v in caught.headers.items() if k != "content-length"}
            if not said.body:
                kept = without_content(kept)
            else:
                kept["content-length"] = str(len(said.body))
            caught = Answer(said.status, kept, said.body)
        await _play(caught, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._watching(scope["path"]) as memory:
            await self._talk(scope, receive, send, memory)

    async def _talk(self, scope: Scope, receive: Receive, send: Send, memory: Json) -> None:
        fault = self.fault
        seen = 0

        async def sending(message: Message) -> None:
            nonlocal seen
            if message["type"] == "websocket.send":
                seen += 1
                await self._hold_up(seen)
            if fault.messages is None:
                await send(message)
                return
            messages = list(fault.messages(message, memory))
            self._note(messages != [message])
            for changed in messages:
                await send(changed)

        async def receiving() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                if fault.deaf is None or not fault.deaf(message):
                    return message
                self._note(True)

        if fault.rewrite is not None:
            scope = self._reopened(scope, fault.rewrite)
        await self.app(scope, receiving, sending)


async def _read(scope: Scope, receive: Receive) -> Call:
    pieces: list[bytes] = []
    more, broken = True, False
    while more:
        message = await receive()
        broken = message["type"] == "http.disconnect"
        pieces += [message["body"]] if message.get("body") else []
        more = bool(message.get("more_body"))
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    path, body = scope["path"].removeprefix(API), b"".join(pieces)
    return Call(scope["method"], path, query, _headers(scope), body, pieces, broken)


async def _has_left(receive: Receive) -> bool:
    """Whether the client is gone."""
    try:
        message = await asyncio.wait_for(receive(), _NOTICED)
    except TimeoutError:
        return False
    return bool(message["type"] == "http.disconnect")


def _is_stream(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").startswith("text/event-stream")


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _scope(scope: Scope, call: Call) -> Scope:
    path = f"{API}{call.path}"
    changed: Scope = {**scope, "method": call.method}
    original = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if call.query != original:
        changed["query_string"] = urlencode(call.query).encode()
    if path != scope["path"]:
        changed["path"], changed["raw_path"] = unquote(path), path.encode()
    headers = {**call.headers, "content-length": str(len(call.body))}
    headers.pop("transfer-encoding", None)
    changed["headers"] = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
    return changed


def _body(content: bytes, receive: Receive | None) -> Receive:
    sent = False

    async def body() -> Message:
        nonlocal sent
        if not sent or receive is None:
            sent = True
            return {"type": "http.request", "body": content, "more_body": False}
        return await receive()

    return body


def _catcher(
    answer: Answer, send: Send | None = None, alter: Callable[[Answer], None] | None = None
) -> Send:
    """Collect an answer; a stream is sent on instead, after its head was altered."""

    async def catch(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            for name, value in message.get("headers", []):
                key = name.decode().lower()
                old = answer.headers.get(key)
                answer.headers[key] = value.decode() if old is None else f"{old}, {value.decode()}"
            if send is not None and alter is not None and _is_stream(answer):
                alter(answer)
                await send(_start(answer))
        elif send is not None and _is_stream(answer):
            await send(message)
        else:
            answer.body += message.get("body", b"")

    return catch


def _start(answer: Answer) -> Message:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _play(answer: Answer, send: Send) -> None:
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body})
