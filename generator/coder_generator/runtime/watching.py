"""Watches of a workspace that survive lost connections."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self, TypeVar

import anyio

from coder_workspaces.errors import CoderError, ConnectionFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType

    from coder_workspaces._reconnecting import Connecting
    from coder_workspaces.models.workspace import Workspace
    from coder_workspaces.streams import AsyncEventStream, EventStream

__all__ = ["AsyncWorkspaceWatch", "WorkspaceWatch"]

E = TypeVar("E")

_NOT_ENTERED = "The watch is not connected; read it inside a with block."


class WorkspaceWatch:
    """Yields a workspace whenever it has changed, inside a ``with`` block.

    Entering connects. A connection that is lost, silent or ended by the server is replaced by a
    new one, which begins with the workspace as it is then, so that no final state is missed;
    states that equal the one before are passed over.

    Raises:
        APIError: The server refuses the watch, on entering or later.
        StreamError: The server reports an error; iterate on afterwards.
        ConnectionFailedError: There was no connection for ``give_up_after`` seconds.
    """

    def __init__(
        self,
        open_stream: Callable[[bool], EventStream[Workspace]],
        connecting: Connecting,
    ) -> None:
        self._open_stream = open_stream
        self._connecting = connecting
        self._stream: EventStream[Workspace] | None = None
        self._last: Workspace | None = None
        self._is_open = False
        self._closed = threading.Event()

    def close(self) -> None:
        """End the watch, also while another thread waits for the next change.

        It is safe to call this more than once.
        """
        self._is_open = False
        self._closed.set()
        self._disconnect()

    def __enter__(self) -> Self:
        self._is_open = True
        self._closed.clear()
        try:
            self._connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Workspace]:
        return self

    def __next__(self) -> Workspace:
        if not self._is_open:
            raise CoderError(_NOT_ENTERED)
        while not self._closed.is_set():
            stream = self._stream or self._connect()
            if stream is None:
                break
            try:
                workspace = next(stream, None)
            except ConnectionFailedError as error:
                self._disconnect()
                self._pause(self._connecting.lost, error)
                continue
            if workspace is None:
                self._disconnect()
                if self._connecting.ends():
                    self._is_open = False
                    break
                self._pause(self._connecting.lost, None)
                continue
            self._connecting.received()
            if workspace != self._last:
                self._last = workspace
                return workspace
        raise StopIteration

    def _connect(self) -> EventStream[Workspace] | None:
        """Return an open stream; None when the watch was closed meanwhile."""
        while not self._closed.is_set():
            stream = self._open_stream(self._connecting.use_sse)
            try:
                self._stream = stream.__enter__()
            except CoderError as error:
                self._pause(self._connecting.refused, error)
            else:
                self._connecting.connected()
                if not self._closed.is_set():
                    return stream
                stream.close()
        return None

    def _pause(self, rule: Callable[[E], float], error: E) -> None:
        """Wait as a rule of connecting says, unless the watch was closed: then nothing matters."""
        if not self._closed.is_set():
            self._closed.wait(rule(error))

    def _disconnect(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


class AsyncWorkspaceWatch:
    """Yields a workspace whenever it has changed, inside an ``async with`` block.

    Entering connects. A connection that is lost, silent or ended by the server is replaced by a
    new one, which begins with the workspace as it is then, so that no final state is missed;
    states that equal the one before are passed over.

    Raises:
        APIError: The server refuses the watch, on entering or later.
        StreamError: The server reports an error; iterate on afterwards.
        ConnectionFailedError: There was no connection for ``give_up_after`` seconds.
    """

    def __init__(
        self,
        open_stream: Callable[[bool], AsyncEventStream[Workspace]],
        connecting: Connecting,
    ) -> None:
        self._open_stream = open_stream
        self._connecting = connecting
        self._stream: AsyncEventStream[Workspace] | None = None
        self._last: Workspace | None = None
        self._is_open = False
        self._closed = anyio.Event()

    async def aclose(self) -> None:
        """End the watch, also while another task waits for the next change.

        It is safe to call this more than once.
        """
        self._is_open = False
        self._closed.set()
        await self._disconnect()

    async def __aenter__(self) -> Self:
        self._is_open = True
        self._closed = anyio.Event()
        try:
            await self._connect()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[Workspace]:
        return self

    async def __anext__(self) -> Workspace:
        if not self._is_open:
            raise CoderError(_NOT_ENTERED)
        while not self._closed.is_set():
            stream = self._stream or await self._connect()
            if stream is None:
                break
            try:
                workspace = await anext(stream, None)
            except ConnectionFailedError as error:
                await self._disconnect()
                await self._pause(self._connecting.lost, error)
                continue
            if workspace is None:
                await self._disconnect()
                if self._connecting.ends():
                    self._is_open = False
                    break
                await self._pause(self._connecting.lost, None)
                continue
            self._connecting.received()
            if workspace != self._last:
                self._last = workspace
                return workspace
        raise StopAsyncIteration

    async def _connect(self) -> AsyncEventStream[Workspace] | None:
        """Return an open stream; None when the watch was closed meanwhile."""
        while not self._closed.is_set():
            stream = self._open_stream(self._connecting.use_sse)
            try:
                self._stream = await stream.__aenter__()
            except CoderError as error:
                await self._pause(self._connecting.refused, error)
            else:
                self._connecting.connected()
                if not self._closed.is_set():
                    return stream
                await stream.aclose()
        return None

    async def _pause(self, rule: Callable[[E], float], error: E) -> None:
        """Wait as a rule of connecting says, unless the watch was closed: then nothing matters."""
        if not self._closed.is_set():
            with anyio.move_on_after(rule(error)):
                await self._closed.wait()

    async def _disconnect(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()
