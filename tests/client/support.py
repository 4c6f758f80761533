"""Runs the same action with the blocking and with the asynchronous client."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2

from coder_workspaces import AsyncClient, Client, CoderError

from .payloads import TOKEN

BASE_URL = "https://coder.example.com"

Handler = Callable[[httpx2.Request], httpx2.Response]


@dataclass
class Recorder:
    """Answers with one response after the other and keeps the requests; the last one repeats."""

    responses: list[httpx2.Response | Exception]
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Keep the request and give the next answer."""
        self.requests.append(request)
        answer = self.responses[min(len(self.requests), len(self.responses)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def request(self) -> httpx2.Request:
        """The only request."""
        assert len(self.requests) == 1
        return self.requests[0]


def answers(*responses: httpx2.Response | Exception) -> Recorder:
    """Return a handler that gives these answers."""
    return Recorder(list(responses))


def json_answer(status: int, body: object, **headers: str) -> httpx2.Response:
    """Return an answer with a JSON body."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json=body, headers=names)


END = object()


def next_or_error(iterator: Any) -> Any:
    """Return the next item, the exception that came instead, or END."""
    try:
        return next(iterator, END)
    except CoderError as error:
        return error


async def anext_or_error(iterator: Any) -> Any:
    """Return the next item, the exception that came instead, or END."""
    try:
        return await anext(iterator, END)
    except CoderError as error:
        return error


class Runner:
    """Runs an action with one kind of client."""

    def __init__(self, *, is_async: bool) -> None:
        self.is_async = is_async

    def run(self, handler: Handler, action: Callable[[Any], Any], **options: Any) -> Any:
        """Call the action with a client whose transport is the handler."""
        arguments: dict[str, Any] = {"base_url": BASE_URL, "token": TOKEN, "retry": False}
        arguments |= options
        transport = httpx2.MockTransport(handler)
        if not self.is_async:
            with Client(transport=transport, **arguments) as client:
                return action(client)

        async def main() -> Any:
            async with AsyncClient(transport=transport, **arguments) as client:
                result = action(client)
                return await result if inspect.isawaitable(result) else result

        return anyio.run(main)
