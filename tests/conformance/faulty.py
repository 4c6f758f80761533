"""Servers that are wrong in one way: the reference server behind a piece of faulty middleware."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Json = dict[str, Any]
API = "/api/v2"
WORKSPACE = r"/workspaces/[^/]+"
# Anything that shows a workspace.
SHOWS = rf"{WORKSPACE}|/users/[^/]+/workspace/[^/]+|/workspaces"


@dataclass
class Call:
    """A request on its way to the server.

    Attributes:
        method: Its method.
        path: Its path below the API's prefix, decoded.
        query: Its query parameters.
        headers: Its headers by lower-case name.
        body: Its body.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a JSON value; an empty object when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return {}

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()

    def get(self, name: str) -> str:
        """A query parameter, empty when it is not there."""
        return dict(self.query).get(name, "")

    def set(self, name: str, value: str | None) -> None:
        """Put another value in place of a query parameter; None removes it."""
        self.query = [pair for pair in self.query if pair[0] != name]
        if value is not None:
            self.query.append((name, value))


@dataclass
class Answer:
    """An answer on its way to the client."""

    status: int
    headers: dict[str, str]
    body: bytes
    call: Call | None = None

    @property
    def json(self) -> Any:
        """The body as a JSON value."""
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = compact(value)


def compact(value: Any) -> bytes:
    """JSON as the server writes it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for plain, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(plain, escape)
    return text.encode("utf-8", "surrogatepass") + b"\n"


@dataclass(frozen=True)
class Fault:
    """One way to be wrong.

    Attributes:
        id: Name of the fault, which says what is wrong.
        operation: The operation that is wrong.
        requirement: A requirement that it breaks.
        method: Pattern of the methods of the requests that it touches.
        path: Pattern of their paths, below the API's prefix.
        alter: Changes an answer; None lets it pass.
        rewrite: Changes a request before the server sees it.
        drop: Whether the request is answered without being carried out.
        answer: What a dropped request gets.
        refuse: Which requests are refused with 400 although they are right.
        also: A second request that is carried out after the first one: method, path, body.
        frames: What becomes of each piece of an event stream.
        messages: What becomes of each message that a WebSocket sends.
        deaf: Whether messages of a WebSocket's client are not noticed.
    """

    id: str
    operation: str
    requirement: str
    method: str
    path: str
    alter: Callable[[Answer], None] | None = None
    rewrite: Callable[[Call], None] | None = None
    drop: bool = False
    answer: int = 204
    refuse: Callable[[Call], bool] | None = None
    also: Callable[[Call], tuple[str, str, Json | None]] | None = None
    frames: Callable[[bytes, Json], Iterable[bytes]] | None = None
    messages: Callable[[Message, Json], Iterable[Message]] | None = None
    deaf: bool = False


@dataclass
class Faulty:
    """An ASGI application with one fault in front of a healthy one."""

    app: App
    fault: Fault
    memory: Json = field(default_factory=dict[str, Any])

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
            path.startswith(API)
            and re.fullmatch(self.fault.method, method)
            and re.fullmatch(self.fault.path, inner)
        )

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self.fault
        if fault.frames is not None:
            if fault.rewrite is not None:
                scope = _rewritten(scope, fault.rewrite)
            await self.app(scope, receive, _framed(send, fault.frames))
            return
        call = await _read(scope, receive)
        if fault.drop:
            await self._harmless(scope, call, Answer(fault.answer, {}, b""), send)
            return
        if fault.refuse is not None and fault.refuse(call):
            refusal = Answer(400, {}, compact({"message": "Validation failed."}))
            await self._harmless(scope, call, refusal, send)
            return
        if fault.rewrite is not None:
            fault.rewrite(call)
        caught = Answer(0, {}, b"", call)
        await self.app(_scope(scope, call), _body(call.body, receive), _catcher(caught))
        if fault.also is not None and caught.status < 300:
            method, path, body = fault.also(call)
            content = b"" if body is None else json.dumps(body).encode()
            more = Call(method, path, [], {**call.headers, "content-length": "0"}, content)
            ignored = _catcher(Answer(0, {}, b""))
            await self.app(_scope(scope, more), _body(content, receive), ignored)
        if fault.alter is not None:
            fault.alter(caught)
        if "content-length" in caught.headers or caught.body:
            caught.headers["content-length"] = str(len(caught.body))
        await _play(caught, send)

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
        fault, memory = self.fault, dict[str, Any]()

        async def sending(message: Message) -> None:
            if fault.messages is None:
                await send(message)
                return
            for changed in fault.messages(message, memory):
                await send(changed)

        async def receiving() -> Message:
            while True:
                message = await receive()
                if not (fault.deaf and message["type"] == "websocket.receive"):
                    return message

        if fault.rewrite is not None:
            scope = _rewritten(scope, fault.rewrite)
        await self.app(scope, receiving, sending)


def _rewritten(scope: Scope, rewrite: Callable[[Call], None]) -> Scope:
    """The opening of a stream with other headers."""
    call = Call("GET", scope["path"].removeprefix(API), [], _headers(scope), b"")
    rewrite(call)
    return {**scope, "headers": [(k.encode(), v.encode()) for k, v in call.headers.items()]}


async def _read(scope: Scope, receive: Receive) -> Call:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return Call(scope["method"], scope["path"].removeprefix(API), query, _headers(scope), body)


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


def _framed(send: Send, change: Callable[[bytes, Json], Iterable[bytes]]) -> Send:
    memory: Json = {}

    async def framed(message: Message) -> None:
        if not message.get("body", b"").startswith(b"event: "):
            await send(message)
            return
        for piece in message["body"].split(b"\n\n"):
            if not piece:
                continue
            for changed in change(piece + b"\n\n", memory):
                await send({"type": "http.response.body", "body": changed, "more_body": True})
        if not message.get("more_body"):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return framed


def _catcher(answer: Answer) -> Send:
    async def catch(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            for name, value in message.get("headers", []):
                key = name.decode().lower()
                old = answer.headers.get(key)
                answer.headers[key] = value.decode() if old is None else f"{old}, {value.decode()}"
        else:
            answer.body += message.get("body", b"")

    return catch


async def _play(answer: Answer, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def without_content(headers: dict[str, str]) -> dict[str, str]:
    """Headers of an answer without a body."""
    return {k: v for k, v in headers.items() if k not in {"content-type", "content-length"}}


def on_success(change: Callable[[Json], None]) -> Callable[[Answer], None]:
    """Change the JSON of successful answers."""

    def alter(answer: Answer) -> None:
        if 200 <= answer.status < 300 and answer.body:
            value = answer.json
            change(value)
            answer.json = value

    return alter


def on_workspaces(change: Callable[[Json], None]) -> Callable[[Answer], None]:
    """Change every workspace that a successful answer shows."""

    def each(value: Json) -> None:
        for workspace in value.get("workspaces", [value]):
            if "latest_build" in workspace:
                change(workspace)

    return on_success(each)


def on_error(change: Callable[[Json], None]) -> Callable[[Answer], None]:
    """Change the JSON of errors."""

    def alter(answer: Answer) -> None:
        if answer.status >= 400 and answer.headers.get("content-type", "").startswith(
            "application/json"
        ):
            value = answer.json
            change(value)
            answer.json = value

    return alter


def status(old: int, new: int) -> Callable[[Answer], None]:
    """Answer with another status, and keep the rest."""

    def alter(answer: Answer) -> None:
        if answer.status == old:
            answer.status = new
            if new == 204:
                answer.body = b""
                answer.headers = without_content(answer.headers)

    return alter
