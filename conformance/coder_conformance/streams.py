"""The two watch streams as they come over the wire."""

from __future__ import annotations

import base64
import json
import secrets
import socket as socket_module
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, cast

import httpx2
import websockets
from websockets.sync.client import ClientConnection, connect

from coder_spec.files import is_object

from .exchange import Exchange, shorten
from .pace import patiently
from .results import CannotJudgeError, Mismatch
from .wire import Wire, exchange

# What a handshake takes over from an ordinary request.
_KEPT = frozenset({"coder-session-token", "authorization", "cookie", "user-agent", "origin"})
_NEWS = frozenset({"data", "error"})
# The frame by which a client closes a WebSocket, without a code.
_GOODBYE = b"\x88\x80\0\0\0\0"


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """What the client trusts by itself; reading the certificates takes longer than a request."""
    return httpx2.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event, byte for byte.

    Attributes:
        raw: The frame with the empty line that ends it.
        event: Value of its `event:` line; empty when it has none.
        data: Value of its `data:` line; None when it has none.
    """

    raw: bytes
    event: str
    data: str | None


class Stream(ABC):
    """An open stream of either kind.

    Attributes:
        opened: The request that opened it, with its answer.
        limit: Seconds to wait for whatever comes next.
        wanted: What an event with data is called.
    """

    wanted: ClassVar[str]
    opened: Exchange
    limit: float

    @abstractmethod
    def news(self) -> tuple[str, Any]:
        """Kind and payload of the next event, data or error; pings may come before it.

        Raises:
            Mismatch: Something else came, or nothing in time.
        """

    @abstractmethod
    def ends_within(self, seconds: float) -> bool:
        """Whether the server ends the stream soon; to be asked last."""

    def next_data(self) -> Any:
        """Payload of the next event, which has to be one with data; see `news`."""
        kind, payload = self.news()
        if kind != "data":
            raise Mismatch(self.wanted, f"{kind}: {shorten(repr(payload))}", self.opened)
        return payload


class EventStream(Stream):
    """An open stream of server-sent events."""

    wanted = "a data event"

    def __init__(self, response: httpx2.Response, opened: Exchange, limit: float) -> None:
        self.opened = opened
        self.limit = limit
        self._response = response
        self._chunks = response.iter_raw()
        self._buffer = b""

    def frame(self) -> Frame:
        """The next frame.

        Raises:
            Mismatch: None came in time, or it is not framed as the contract says.
        """
        deadline = time.monotonic() + self.limit
        while b"\n\n" not in self._buffer:
            try:
                self._buffer += next(self._chunks)
            except (StopIteration, httpx2.HTTPError) as error:
                came = shorten(repr(self._buffer)) if self._buffer else type(error).__name__
                raise Mismatch("another event", came, self.opened) from None
            if time.monotonic() > deadline and b"\n\n" not in self._buffer:
                raise Mismatch("a whole event", shorten(repr(self._buffer)), self.opened)
        raw, _, self._buffer = self._buffer.partition(b"\n\n")
        return self._parse(raw + b"\n\n")

    def ends_within(self, seconds: float) -> bool:
        """Whether the server ends the stream soon; to be asked last."""
        ended = threading.Event()

        def read() -> None:
            # In a thread of its own: whether the end has been received already only reading tells.
            with suppress(httpx2.HTTPError, OSError, ValueError):
                for _ in self._chunks:
                    pass
            ended.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        reader.join(seconds)
        over = ended.is_set()
        connection = self._response.extensions["network_stream"].get_extra_info("socket")
        with suppress(OSError, ValueError):
            connection.shutdown(socket_module.SHUT_RDWR)  # wakes the reader up
        reader.join(seconds)
        return over

    def _parse(self, raw: bytes) -> Frame:
        lines = raw[:-2].decode("utf-8", "replace").split("\n")
        if not lines[0].startswith("event: ") or len(lines) > 2:
            raise Mismatch(
                "an event line and at most one data line", shorten(repr(raw)), self.opened
            )
        data = None
        if len(lines) == 2:
            if not lines[1].startswith("data: "):
                raise Mismatch("a data line", shorten(repr(raw)), self.opened)
            data = lines[1].removeprefix("data: ")
        return Frame(raw, lines[0].removeprefix("event: "), data)

    def news(self) -> tuple[str, Any]:
        """Kind and payload of the next event, data or error; pings may come before it.

        Raises:
            Mismatch: Something else came.
        """
        deadline = time.monotonic() + self.limit
        while True:
            frame = self.frame()
            if frame.event == "ping":
                # They come all the time, and must not make the wait an endless one.
                if time.monotonic() > deadline:
                    raise Mismatch(self.wanted, f"only pings in {self.limit:g} s", self.opened)
                continue
            if frame.event not in _NEWS or frame.data is None:
                raise Mismatch(self.wanted, shorten(repr(frame.raw)), self.opened)
            return frame.event, parsed(frame.data, self.opened)


@contextmanager
def event_stream(wire: Wire, path: str, limit: float, **options: Any) -> Generator[EventStream]:
    """Open a stream of server-sent events; its first answer is not judged yet.

    Args:
        wire: Says where to and as whom.
        path: Path below the API's prefix.
        limit: Seconds to wait for the answer and for each event.
        **options: Token, query and headers as `Wire.request` takes them.
    """
    headers: dict[str, str] = {"accept": "text/event-stream"}
    headers.update(options.pop("headers", None) or {})
    request = wire.request("GET", path, headers=headers, **options)
    with _answered(wire, request, limit, endless=200) as (response, opened):
        yield EventStream(response, opened, limit)


def handshake(wire: Wire, path: str, limit: float, **options: Any) -> Exchange:
    """Ask for a WebSocket and take whatever comes; one that is opened is closed at once.

    Args:
        wire: Says where to and as whom.
        path: Path below the API's prefix.
        limit: Seconds to wait for the answer.
        **options: Token, query and headers as `Wire.request` takes them.
    """
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": base64.b64encode(secrets.token_bytes(16)).decode(),
    }
    headers.update(options.pop("headers", None) or {})
    request = wire.request("GET", path, headers=headers, **options)
    with _answered(wire, request, limit, endless=101) as (response, opened):
        if response.status_code == 101:
            with suppress(httpx2.HTTPError, OSError):
                response.extensions["network_stream"].write(_GOODBYE, timeout=limit)
        return opened


@contextmanager
def _answered(
    wire: Wire, request: httpx2.Request, limit: float, *, endless: int
) -> Generator[tuple[httpx2.Response, Exchange]]:
    """The answer to a request over a connection of its own, whole unless it has no end.

    Args:
        wire: Says where to.
        request: The request.
        limit: Seconds to wait for the answer and for each part of it.
        endless: The status after which there is no end.
    """
    timeout = httpx2.Timeout(limit)
    request.extensions["timeout"] = timeout.as_dict()  # else that of the wire stays with it
    what = request.url.path
    with httpx2.Client(timeout=timeout, verify=_trusted()) as client:

        def answer() -> httpx2.Response | None:
            wire.pace.wait()
            try:
                response = client.send(request, stream=True)
            except httpx2.HTTPError as error:
                raise CannotJudgeError(f"{what} got no answer ({type(error).__name__})") from None
            if wire.pace.allows(response.status_code, response.headers.get("retry-after")):
                return response
            response.close()
            return None

        with closing(patiently(answer)) as response:
            try:
                body = b"" if response.status_code == endless else response.read()
            except httpx2.HTTPError as error:
                message = f"{what} got half an answer ({type(error).__name__})"
                raise CannotJudgeError(message) from None
            wire.last = exchange(request, None, response, body)
            yield response, wire.last


class Socket(Stream):
    """An open WebSocket of the watch operation."""

    wanted = "a data message"

    def __init__(self, connection: ClientConnection, opened: Exchange, limit: float) -> None:
        self.connection = connection
        self.opened = opened
        self.limit = limit

    def message(self) -> Any:
        """The next message.

        Raises:
            Mismatch: None came in time, or it is not one JSON text.
        """
        try:
            received = self.connection.recv(timeout=self.limit)
        except TimeoutError:
            raise Mismatch("another message", f"none in {self.limit:g} s", self.opened) from None
        except websockets.ConnectionClosed as error:
            raise Mismatch(
                "another message", f"the end of the connection ({error})", self.opened
            ) from None
        if isinstance(received, bytes):
            raise Mismatch("a text message", "a binary one", self.opened)
        return parsed(received, self.opened)

    def ends_within(self, seconds: float) -> bool:
        """Whether the server ends the connection soon; to be asked last."""
        try:
            self.connection.recv(timeout=seconds)
        except TimeoutError:
            return False
        except websockets.ConnectionClosed:
            return True
        return False

    def news(self) -> tuple[str, Any]:
        """Kind and payload of the next message, data or error; pings may come before it.

        Raises:
            Mismatch: Something else came.
        """
        deadline = time.monotonic() + self.limit
        while True:
            message = self.message()
            kind = message.get("type") if is_object(message) else None
            if kind == "ping":
                if time.monotonic() > deadline:
                    raise Mismatch("data", f"only pings in {self.limit:g} s", self.opened)
                continue
            if kind not in _NEWS or "data" not in message:
                raise Mismatch(self.wanted, shorten(repr(message)), self.opened)
            return str(kind), message["data"]


@contextmanager
def socket(wire: Wire, path: str, limit: float, **options: Any) -> Generator[Socket]:
    """Open a WebSocket.

    Args:
        wire: Says where to and as whom.
        path: Path below the API's prefix.
        limit: Seconds to wait for the handshake and for each message.
        **options: Token, query and headers as `Wire.request` takes them, and under `connect` what
            the client of the library takes.

    Raises:
        Mismatch: The handshake was refused, or answered against the protocol.
        CannotJudgeError: No answer came.
    """
    # Whoever reads only now and then must lose nothing to a full queue, nor to pings of the
    # library's own, whose answers are not read either as long as it is full.
    special: dict[str, Any] = {"compression": None, "max_queue": None, "ping_interval": None}
    special.update(options.pop("connect", {}))
    request = wire.request("GET", path, **options)
    url = "ws" + str(request.url).removeprefix("http")
    headers = {name: value for name, value in request.headers.items() if name.lower() in _KEPT}
    opened = Exchange("GET", str(request.url), headers, None, 101, {}, b"")
    # Options of the library's own choosing, which callers pass on; its types know only their names.
    open_socket = cast("Callable[..., ClientConnection]", connect)

    def connection() -> ClientConnection | None:
        wire.pace.wait()
        try:
            return open_socket(
                url,
                additional_headers={n: v for n, v in headers.items() if n != "user-agent"},
                user_agent_header=headers.get("user-agent"),
                open_timeout=limit,
                close_timeout=5,
                max_size=16 * 2**20,
                **special,
            )
        except websockets.InvalidStatus as error:
            refused = error.response
            if not wire.pace.allows(refused.status_code, refused.headers.get("retry-after")):
                return None
            raise Mismatch(
                "the handshake to succeed", f"the status {refused.status_code}", opened
            ) from None
        except (OSError, websockets.InvalidMessage, websockets.ProxyError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise CannotJudgeError(f"{path} got no answer ({reason})") from None
        except websockets.WebSocketException as error:
            raise Mismatch(
                "the handshake to succeed", f"{type(error).__name__}: {error}", opened
            ) from None

    with patiently(connection) as connected:
        yield Socket(connected, opened, limit)


def parsed(text: str, opened: Exchange) -> Any:
    """A JSON payload.

    Raises:
        Mismatch: It is not JSON.
    """
    try:
        return json.loads(text)
    except ValueError:
        raise Mismatch("a payload of JSON", shorten(repr(text)), opened) from None


def opening(
    wire: Wire, workspace: str, limit: float, *, websocket: bool, **options: Any
) -> AbstractContextManager[Stream]:
    """Watch a workspace by either operation; see `socket` and `event_stream`.

    Args:
        wire: Says where to and as whom.
        workspace: Its identifier, encoded where that is needed.
        limit: Seconds to wait for the beginning and for whatever comes next.
        websocket: By which of the two.
        **options: Token, query and headers as `Wire.request` takes them.
    """
    path = watch_path(workspace, websocket=websocket)
    if websocket:
        return socket(wire, path, limit, **options)
    return event_stream(wire, path, limit, **options)


def watch_path(workspace: str, *, websocket: bool) -> str:
    """Path of the watch operation of a workspace, without the API's prefix."""
    return f"/workspaces/{workspace}/watch{'-ws' if websocket else ''}"
