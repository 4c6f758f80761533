"""Streams of typed events, blocking and asynchronous, over server-sent events or WebSocket."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import anyio
import httpx2

from coder_workspaces._events import StreamEvent, item_of
from coder_workspaces._exchange import Exchange
from coder_workspaces._http import require_open
from coder_workspaces._sources import (
    AsyncSource,
    Source,
    async_source,
    opening_headers,
    refusal,
    sync_source,
)
from coder_workspaces.errors import APIError, CoderError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import TracebackType

    from coder_workspaces._call import StreamCall
    from coder_workspaces._config import Settings

__all__ = ["AsyncEventStream", "EventStream", "StreamEvent"]

T = TypeVar("T")


class EventStream(Generic[T]):
    """A stream that is read by iterating over it inside a ``with`` block.

    Entering connects. Iterating yields the payloads; heartbeats are passed over. The iteration
    ends when the server ends the stream in an orderly way.

    Raises:
        APIError: On entering, when the server refuses the stream.
        StreamError: While iterating, when the server reports an error; iterate on afterwards.
        StreamClosedError: While iterating, when the connection breaks.
        RequestTimeoutError: When there is no sign of life for the ``stream`` time limit.
        DecodingError: When an event does not fit the contract; iterate on afterwards.
    """

    def __init__(self, http: httpx2.Client, call: StreamCall[T], settings: Settings) -> None:
        self._http = http
        self._call = call
        self._settings = settings
        self._deadline: float | None = None
        self._response: httpx2.Response | None = None
        self._source: Source[T] | None = None

    @property
    def headers(self) -> httpx2.Headers:
        """Headers of the answer that opened the stream."""
        if self._response is None:
            raise CoderError(_NOT_ENTERED)
        return self._response.headers

    def events(self) -> Iterator[StreamEvent[T]]:
        """Yield every event, heartbeats and error events included."""
        while (event := self._next_event()) is not None:
            yield event

    def give_up_at(self, deadline: float) -> None:
        """Set when to give up waiting for events, before the stream is entered.

        Only WebSockets keep to it. What is raised then is ``RequestTimeoutError``.

        Args:
            deadline: A moment of ``time.monotonic()``.
        """
        self._deadline = deadline

    def close(self) -> None:
        """End the stream. It is safe to call this more than once."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def __enter__(self) -> Self:
        if self._response is not None:
            raise CoderError(_ENTERED_TWICE)
        handshake = opening_headers(self._call)
        exchange = Exchange(self._call, self._settings, headers=handshake.headers)
        exchange.deadline = self._deadline
        self._response = self._connect(exchange)
        problem = refusal(exchange, self._response, handshake)
        if problem is not None:
            self._response.close()
            raise problem
        self._source = sync_source(exchange, self._response)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while (event := self._next_event()) is not None:
            item = item_of(event, self._call.operation)
            if item is not None:
                return item
        raise StopIteration

    def _next_event(self) -> StreamEvent[T] | None:
        if self._response is None:
            raise CoderError(_NOT_ENTERED)
        return None if self._source is None else self._source.receive()

    def _connect(self, exchange: Exchange[T]) -> httpx2.Response:
        while True:
            require_open(self._http)
            try:
                response = self._http.send(exchange.request(), stream=True, follow_redirects=False)
                exchange.note_answer(response)
                if response.status_code in {101, 200}:
                    return response
                try:
                    body = exchange.body(response)
                    for piece in response.iter_bytes():
                        body.add(piece)
                finally:
                    response.close()
                raise exchange.api_error(response, body.bytes())
            except httpx2.RequestError as error:
                failure = exchange.transport_error(error)
                pause = exchange.pause(failure, error)
                if pause is None:
                    raise failure from error
            except APIError as failure:
                pause = exchange.pause(failure)
                if pause is None:
                    raise
            time.sleep(pause)


class AsyncEventStream(Generic[T]):
    """A stream that is read by iterating over it inside an ``async with`` block.

    Entering connects. Iterating yields the payloads; heartbeats are passed over. The iteration
    ends when the server ends the stream in an orderly way.

    Raises:
        APIError: On entering, when the server refuses the stream.
        StreamError: While iterating, when the server reports an error; iterate on afterwards.
        StreamClosedError: While iterating, when the connection breaks.
        RequestTimeoutError: When there is no sign of life for the ``stream`` time limit.
        DecodingError: When an event does not fit the contract; iterate on afterwards.
    """

    def __init__(self, http: httpx2.AsyncClient, call: StreamCall[T], settings: Settings) -> None:
        self._http = http
        self._call = call
        self._settings = settings
        self._deadline: float | None = None
        self._response: httpx2.Response | None = None
        self._source: AsyncSource[T] | None = None

    @property
    def headers(self) -> httpx2.Headers:
        """Headers of the answer that opened the stream."""
        if self._response is None:
            raise CoderError(_NOT_ENTERED)
        return self._response.headers

    async def events(self) -> AsyncIterator[StreamEvent[T]]:
        """Yield every event, heartbeats and error events included."""
        while (event := await self._next_event()) is not None:
            yield event

    def give_up_at(self, deadline: float) -> None:
        """Set when to give up waiting for events, before the stream is entered.

        Only WebSockets keep to it. What is raised then is ``RequestTimeoutError``.

        Args:
            deadline: A moment of ``time.monotonic()``.
        """
        self._deadline = deadline

    async def aclose(self) -> None:
        """End the stream. It is safe to call this more than once."""
        source, self._source = self._source, None
        if source is not None:
            await source.aclose()

    async def __aenter__(self) -> Self:
        if self._response is not None:
            raise CoderError(_ENTERED_TWICE)
        handshake = opening_headers(self._call)
        exchange = Exchange(self._call, self._settings, headers=handshake.headers)
        exchange.deadline = self._deadline
        self._response = await self._connect(exchange)
        problem = refusal(exchange, self._response, handshake)
        if problem is not None:
            await self._response.aclose()
            raise problem
        self._source = async_source(exchange, self._response)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while (event := await self._next_event()) is not None:
            item = item_of(event, self._call.operation)
            if item is not None:
                return item
        raise StopAsyncIteration

    async def _next_event(self) -> StreamEvent[T] | None:
        if self._response is None:
            raise CoderError(_NOT_ENTERED)
        return None if self._source is None else await self._source.receive()

    async def _connect(self, exchange: Exchange[T]) -> httpx2.Response:
        while True:
            require_open(self._http)
            try:
                response = await self._http.send(
                    exchange.request(), stream=True, follow_redirects=False
                )
                exchange.note_answer(response)
                if response.status_code in {101, 200}:
                    return response
                try:
                    body = exchange.body(response)
                    async for piece in response.aiter_bytes():
                        body.add(piece)
                finally:
                    await response.aclose()
                raise exchange.api_error(response, body.bytes())
            except httpx2.RequestError as error:
                failure = exchange.transport_error(error)
                pause = exchange.pause(failure, error)
                if pause is None:
                    raise failure from error
            except APIError as failure:
                pause = exchange.pause(failure)
                if pause is None:
                    raise
            await anyio.sleep(pause)


_NOT_ENTERED = "The stream is not connected; read it inside a with block."
_ENTERED_TWICE = "A stream can be entered once; ask for a new one."
