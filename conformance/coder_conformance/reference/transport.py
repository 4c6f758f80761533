"""A transport with which blocking HTTP clients speak to an application without a socket."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Final, TypeVar

import httpx2

T = TypeVar("T")
Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

# What an application gets for noticing that the client is gone, before it is canceled.
_GOODBYE_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 5.0


class InProcessTransport(httpx2.BaseTransport):
    """Runs an application in the event loop of a thread of its own, for blocking clients.

    The thread starts with the first request and ends with :meth:`close`, which clients call when
    they are closed. Bodies of answers arrive piece by piece, so that event streams work, and the
    client's limits for reading hold. WebSockets do not pass: a handshake is given to the
    application as the ordinary request that it also is.

    Args:
        app: The ASGI application, such as one of ``create_app``.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Give a request to the application and return its answer once the head is there.

        Raises:
            httpx2.ReadTimeout: The head did not come in time.
            RuntimeError: The transport was closed.
        """
        exchange = _Exchange(self._app, request, request.read())
        exchange.start(self._running_loop())
        try:
            head = exchange.next_message()
            if head is None:
                raise RuntimeError("The application ended without an answer.")
        except BaseException:
            exchange.close()
            raise
        return httpx2.Response(head["status"], headers=head["headers"], stream=_Body(exchange))

    def call(self, action: Callable[[], T]) -> T:
        """Run ``action`` in the application's thread, where the deployment may be touched.

        Raises:
            RuntimeError: The transport was closed.
        """

        async def run() -> T:
            return action()

        loop = self._running_loop()
        return asyncio.run_coroutine_threadsafe(run(), loop).result()

    def close(self) -> None:
        """End the thread, and what is still running in it."""
        with self._lock:
            self._is_closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_STOP_SECONDS)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("The transport was closed; make a new one.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_run, args=(self._loop,), name="in-process-application", daemon=True
                )
                self._thread.start()
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    # The runner cancels what is left, and closes the loop.
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()


class _Exchange:
    """One request and its answer; everything but the three coroutines runs in the caller's thread.

    Args:
        app: The application.
        request: The request.
        content: Its body.
    """

    def __init__(self, app: Application, request: httpx2.Request, content: bytes) -> None:
        self._app = app
        self._request = request
        self._content: bytes | None = content
        self._messages: queue.Queue[Message | Exception | None] = queue.Queue()
        self._is_left = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._future: Future[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand the request over."""
        self._loop = loop
        self._future = asyncio.run_coroutine_threadsafe(self._serve(), loop)

    def next_message(self) -> Message | None:
        """Return what the application sends next, None at the end.

        Raises:
            httpx2.ReadTimeout: Nothing came in time.
            Exception: Whatever the application failed with.
        """
        limits = self._request.extensions.get("timeout", {})
        try:
            message = self._messages.get(timeout=limits.get("read"))
        except queue.Empty:
            raise httpx2.ReadTimeout("The application is silent.", request=self._request) from None
        if isinstance(message, Exception):
            raise message
        return message

    def close(self) -> None:
        """Tell the application that nobody listens any more, and see to it that it ends."""
        if self._loop is None or self._future is None or self._future.done():
            return
        try:
            self._loop.call_soon_threadsafe(self._is_left.set)
            self._future.exception(_GOODBYE_SECONDS)
        except FutureTimeoutError:
            self._future.cancel()
        except (asyncio.CancelledError, RuntimeError):
            return  # the transport was closed before, which ended it

    async def _serve(self) -> None:
        try:
            await self._app(self._scope(), self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever made the request
            self._messages.put(error)
        finally:
            self._messages.put(None)

    async def _receive(self) -> Message:
        content, self._content = self._content, None
        if content is not None:
            return {"type": "http.request", "body": content, "more_body": False}
        await self._is_left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self._messages.put(message)

    def _scope(self) -> Message:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 123),
            "root_path": "",
        }


class _Body(httpx2.SyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        more = True
        while more:
            message = self._exchange.next_message()
            if message is None:
                return
            if piece := message.get("body"):
                yield piece
            more = message.get("more_body", False)

    def close(self) -> None:
        self._exchange.close()
