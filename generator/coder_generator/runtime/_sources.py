"""Where the events of an open stream come from: one class per transport and per kind of client."""

from __future__ import annotations

from contextlib import suppress
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

import httpx2

from coder_workspaces._events import (
    MAX_EVENT_BYTES,
    StreamEvent,
    broken,
    decode_sse,
    silence,
    stream_call,
)
from coder_workspaces.errors import CoderError, ConfigurationError, DecodingError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from coder_workspaces._call import StreamCall
    from coder_workspaces._exchange import Exchange
    from coder_workspaces._websocket import Handshake

T = TypeVar("T")


class Source(Protocol[T]):
    """An open stream, read by a blocking client."""

    def receive(self) -> StreamEvent[T] | None:
        """Wait for the next event; None when the stream has ended in an orderly way."""
        ...

    def close(self) -> None:
        """End the stream."""
        ...


class AsyncSource(Protocol[T]):
    """An open stream, read by an asynchronous client."""

    async def receive(self) -> StreamEvent[T] | None:
        """Wait for the next event; None when the stream has ended in an orderly way."""
        ...

    async def aclose(self) -> None:
        """End the stream."""
        ...


class Opening:
    """Headers that ask for a stream, and the handshake behind them if there is one."""

    def __init__(self, headers: dict[str, str], handshake: Handshake | None = None) -> None:
        self.headers = headers
        self.handshake = handshake


def opening_headers(call: StreamCall[T]) -> Opening:
    """Return what to ask for the stream with."""
    if call.transport == "sse":
        return Opening({"accept": "text/event-stream", "cache-control": "no-store"})
    from coder_workspaces._websocket import Handshake  # noqa: PLC0415 - only for WebSockets

    handshake = Handshake()
    return Opening(handshake.headers, handshake)


def refusal(
    exchange: Exchange[T], response: httpx2.Response, opening: Opening
) -> CoderError | None:
    """Return the exception for an answer that looks like success but opens no stream."""
    operation = exchange.call.operation
    if opening.handshake is None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code == 200 and kind == "text/event-stream":
            return None
        problem = f"its content type is {kind or 'missing'}, not text/event-stream"
    else:
        if response.status_code == 101 and opening.handshake.accepted(response):
            if "network_stream" in response.extensions:
                return None
            return ConfigurationError(
                f"{operation}: the transport of this client cannot carry WebSockets."
            )
        problem = "it does not complete the WebSocket handshake"
    return DecodingError(operation, (problem,), status=response.status_code, body=b"")


def sync_source(exchange: Exchange[T], response: httpx2.Response) -> Source[T]:
    """Return the events of an accepted answer."""
    if stream_call(exchange).transport == "sse":
        return _SSESource(exchange, response)
    from coder_workspaces._websocket_source import (  # noqa: PLC0415 - only for WebSockets
        WebSocketSource,
    )

    return WebSocketSource(exchange, response)


def async_source(exchange: Exchange[T], response: httpx2.Response) -> AsyncSource[T]:
    """Return the events of an accepted answer."""
    if stream_call(exchange).transport == "sse":
        return _AsyncSSESource(exchange, response)
    from coder_workspaces._websocket_source import (  # noqa: PLC0415 - only for WebSockets
        AsyncWebSocketSource,
    )

    return AsyncWebSocketSource(exchange, response)


def _sse_failure(exchange: Exchange[T], error: httpx2.RequestError) -> CoderError:
    if isinstance(error, httpx2.ReadTimeout):
        return silence(exchange)
    return broken(exchange, str(error).rstrip(".") or type(error).__name__)


class _SSESource(Generic[T]):
    def __init__(self, exchange: Exchange[T], response: httpx2.Response) -> None:
        self._exchange = exchange
        self._response = response
        self._events = iter(httpx2.EventSource(response, MAX_EVENT_BYTES))

    def receive(self) -> StreamEvent[T] | None:
        try:
            event = next(self._events, None)
        except httpx2.RequestError as error:
            self.close()
            raise _sse_failure(self._exchange, error) from error
        return None if event is None else decode_sse(self._exchange, event.event, event.data)

    def close(self) -> None:
        if not self._response.is_closed:
            _wake(self._response)
        self._response.close()


def _wake(response: httpx2.Response) -> None:
    """End the connection of an unfinished answer, so that a thread that reads it notices."""
    stream = response.extensions.get("network_stream")
    raw = None if stream is None else stream.get_extra_info("socket")
    if raw is not None:
        with suppress(OSError):
            raw.shutdown(SHUT_RDWR)


class _AsyncSSESource(Generic[T]):
    def __init__(self, exchange: Exchange[T], response: httpx2.Response) -> None:
        self._exchange = exchange
        self._response = response
        # Iterating an event source is a generator, which must be closed in the task that used it.
        self._is_reading = False
        self._was_broken_off = False
        self._events = cast(
            "AsyncGenerator[httpx2.ServerSentEvent]",
            aiter(httpx2.EventSource(response, MAX_EVENT_BYTES)),
        )

    async def receive(self) -> StreamEvent[T] | None:
        if self._was_broken_off:
            raise broken(self._exchange, "an earlier read was cancelled")
        self._is_reading = self._was_broken_off = True
        try:
            event = await anext(self._events, None)
            self._was_broken_off = False
        except httpx2.RequestError as error:
            await self.aclose()
            raise _sse_failure(self._exchange, error) from error
        finally:
            self._is_reading = False
        return None if event is None else decode_sse(self._exchange, event.event, event.data)

    async def aclose(self) -> None:
        if self._is_reading:
            # The task that reads is woken by this, and its generator ends there.
            await self._response.aclose()
            return
        try:
            await self._events.aclose()
        finally:
            await self._response.aclose()
