"""Servers that are wrong in one way: the reference server behind a piece of faulty middleware."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Json = dict[str, Any]


@dataclass
class Answer:
    """An answer on its way to the client."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as a JSON value."""
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()


@dataclass(frozen=True)
class Fault:
    """One way to be wrong.

    Attributes:
        id: Name of the fault.
        operation: The operation that is wrong.
        requirement: The requirement that it breaks.
        method: Method of the requests that it touches.
        path: Pattern of their paths, below the API's prefix.
        alter: Changes an answer; None lets it pass.
        drop: Whether the request is answered without being carried out.
        answer: What a dropped request gets.
    """

    id: str
    operation: str
    requirement: str
    method: str
    path: str
    alter: Callable[[Answer], None] | None = None
    drop: bool = False
    answer: int = 204


class Faulty:
    """An ASGI application with one fault in front of a healthy one."""

    def __init__(self, app: App, fault: Fault) -> None:
        self.app = app
        self.fault = fault
        self.path = re.compile(f"/api/v2{fault.path}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, wrongly if the fault is about it."""
        touched = (
            scope["type"] == "http"
            and scope["method"] == self.fault.method
            and self.path.fullmatch(scope["path"])
        )
        if not touched:
            await self.app(scope, receive, send)
        elif self.fault.drop:
            await self._healthy_headers(scope, receive, send)
        else:
            await self._altered(scope, receive, send)

    async def _healthy_headers(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer like a success, but do nothing: only a harmless GET reaches the server."""
        caught = Answer(0, {}, b"")
        reading = {
            **scope,
            "method": "GET",
            "path": "/api/v2/users/me",
            "raw_path": b"/api/v2/users/me",
        }
        await self.app(reading, receive, _catcher(caught))
        if caught.status == 200:
            caught = Answer(self.fault.answer, _without_content(caught.headers), b"")
        await _play(caught, send)

    async def _altered(self, scope: Scope, receive: Receive, send: Send) -> None:
        caught = Answer(0, {}, b"")
        await self.app(scope, receive, _catcher(caught))
        if self.fault.alter is not None:
            self.fault.alter(caught)
        if "content-length" in caught.headers or caught.body:
            caught.headers["content-length"] = str(len(caught.body))
        await _play(caught, send)


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


def _without_content(headers: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k not in {"content-type", "content-length"}}


def on_success(change: Callable[[Json], None]) -> Callable[[Answer], None]:
    """Change the JSON of successful answers."""

    def alter(answer: Answer) -> None:
        if 200 <= answer.status < 300 and answer.body:
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
                answer.headers = _without_content(answer.headers)

    return alter
