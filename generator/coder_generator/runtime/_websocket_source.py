"""Events of an open WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

import anyio
import httpcore2

from coder_workspaces._events import StreamEvent, broken, decode_message, silence
from coder_workspaces._websocket import ProtocolViolationError, Receiver

if TYPE_CHECKING:
    import httpx2

    from coder_workspaces._exchange import Exchange
    from coder_workspaces.errors import CoderError

T = TypeVar("T")

_CHUNK = 65536
# A goodbye is a courtesy: a peer that does not take it must not hold up the caller.
_GOODBYE_SECONDS = 1.0
_FAILURES = (httpcore2.NetworkError, httpcore2.ProtocolError, ProtocolViolationError)


class _Pipe(Protocol):
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes: ...
    def write(self, buffer: bytes, timeout: float | None = None) -> None: ...


class _AsyncPipe(Protocol):
    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the HTTP library's signature
    ) -> bytes: ...
    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - the HTTP library's signature
    ) -> None: ...


class WebSocketSource(Generic[T]):
    """Reads a WebSocket for a blocking client."""

    def __init__(self, exchange: Exchange[T], response: httpx2.Response) -> None:
        self._exchange = exchange
        self._response = response
        self._pipe = cast("_Pipe", response.extensions["network_stream"])
        self._receiver = Receiver()

    def receive(self) -> StreamEvent[T] | None:
        """Wait for the next event; None when the server has said goodbye."""
        receiver = self._receiver
        while not receiver.messages:
            if receiver.close_code is not None:
                _require_orderly_end(self._exchange, receiver)
                return None
            limit = self._exchange.patience()
            try:
                data = self._pipe.read(_CHUNK, timeout=limit)
                reply = receiver.feed(data) if data else b""
                if reply:
                    self._pipe.write(reply, timeout=limit)
            except httpcore2.TimeoutException as error:
                self.close()
                raise silence(self._exchange) from error
            except _FAILURES as error:
                # The reply to a close frame may meet a connection that is gone already.
                if receiver.close_code is None:
                    self.close()
                    raise _failure(self._exchange, error) from error
            else:
                if not data:
                    self.close()
                    raise broken(self._exchange, "the server hung up without a close frame")
        return decode_message(self._exchange, receiver.messages.popleft())

    def close(self) -> None:
        """Say goodbye and close the connection."""
        goodbye = self._receiver.goodbye()
        try:
            if goodbye:
                self._pipe.write(goodbye, timeout=_GOODBYE_SECONDS)
        except (httpcore2.NetworkError, httpcore2.TimeoutException):
            pass  # the connection is gone, which is what closing is for
        finally:
            self._response.close()


class AsyncWebSocketSource(Generic[T]):
    """Reads a WebSocket for an asynchronous client."""

    def __init__(self, exchange: Exchange[T], response: httpx2.Response) -> None:
        self._exchange = exchange
        self._response = response
        self._pipe = cast("_AsyncPipe", response.extensions["network_stream"])
        self._receiver = Receiver()

    async def receive(self) -> StreamEvent[T] | None:
        """Wait for the next event; None when the server has said goodbye."""
        receiver = self._receiver
        while not receiver.messages:
            if receiver.close_code is not None:
                _require_orderly_end(self._exchange, receiver)
                return None
            limit = self._exchange.patience()
            try:
                data = await self._pipe.read(_CHUNK, timeout=limit)
                reply = receiver.feed(data) if data else b""
                if reply:
                    await self._pipe.write(reply, timeout=limit)
            except httpcore2.TimeoutException as error:
                await self.aclose()
                raise silence(self._exchange) from error
            except _FAILURES as error:
                # The reply to a close frame may meet a connection that is gone already.
                if receiver.close_code is None:
                    await self.aclose()
                    raise _failure(self._exchange, error) from error
            else:
                if not data:
                    await self.aclose()
                    raise broken(self._exchange, "the server hung up without a close frame")
        return decode_message(self._exchange, receiver.messages.popleft())

    async def aclose(self) -> None:
        """Say goodbye and close the connection."""
        goodbye = self._receiver.goodbye()
        # Shielded, so that a cancelled caller still says goodbye and closes the connection.
        with anyio.CancelScope(shield=True):
            try:
                if goodbye:
                    await self._pipe.write(goodbye, timeout=_GOODBYE_SECONDS)
            except (httpcore2.NetworkError, httpcore2.TimeoutException):
                pass  # the connection is gone, which is what closing is for
            finally:
                await self._response.aclose()


def _require_orderly_end(exchange: Exchange[T], receiver: Receiver) -> None:
    """Raise for an end that is not an orderly one."""
    if receiver.closed_cleanly:
        return
    code, reason = receiver.close_code, receiver.close_reason
    text = f"the server closed it with code {code}" + (f" ({reason})" if reason else "")
    raise broken(exchange, text, code=code, reason=reason)


def _failure(exchange: Exchange[T], error: Exception) -> CoderError:
    return broken(exchange, str(error).rstrip(".") or type(error).__name__)
