"""The WebSocket protocol on top of an HTTP connection, as far as a one-way stream needs it.

The HTTP library has sessions of its own; they run threads or task groups beside the caller, wrap
exceptions in groups and cannot be supervised by a read timeout. A stream that only ever receives
needs none of that, so this drives the same protocol library directly.
"""

from __future__ import annotations

import base64
import secrets
from collections import deque
from typing import TYPE_CHECKING

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import RemoteProtocolError, generate_accept_token

from coder_workspaces._events import MAX_EVENT_BYTES

if TYPE_CHECKING:
    import httpx2

_CLEAN_CODES = frozenset({1000, 1001})


class ProtocolViolationError(Exception):
    """The peer did something that the protocol forbids."""


class Handshake:
    """The opening of one WebSocket connection."""

    def __init__(self) -> None:
        self._key = base64.b64encode(secrets.token_bytes(16))

    @property
    def headers(self) -> dict[str, str]:
        """Headers that ask for the upgrade."""
        return {
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": self._key.decode(),
        }

    def accepted(self, response: httpx2.Response) -> bool:
        """Whether a 101 answer completes this handshake and not another one."""
        expected = generate_accept_token(self._key).decode()
        return response.headers.get("sec-websocket-accept") == expected


class Receiver:
    """Turns received bytes into messages, and says what to send back. Does no I/O itself.

    Attributes:
        messages: Complete text messages that were not taken yet.
        close_code: Code of the peer's close frame, or None while the connection is open.
        close_reason: Text of the peer's close frame.
    """

    def __init__(self) -> None:
        self._connection = Connection(ConnectionType.CLIENT)
        self._parts: list[str] = []
        self._size = 0
        self.messages: deque[str] = deque()
        self.close_code: int | None = None
        self.close_reason = ""

    @property
    def closed_cleanly(self) -> bool:
        """Whether the peer said goodbye without an error."""
        return self.close_code in _CLEAN_CODES

    def feed(self, data: bytes) -> bytes:
        """Take received bytes in and return what must be sent back.

        Raises:
            ProtocolViolationError: The bytes are no acceptable WebSocket frames.
        """
        reply = b""
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                if isinstance(event, Ping):
                    reply += self._connection.send(event.response())
                elif isinstance(event, TextMessage):
                    self._add(event.data, finished=event.message_finished)
                elif isinstance(event, BytesMessage):
                    raise ProtocolViolationError("it sent a binary message")
                elif isinstance(event, CloseConnection):
                    self.close_code = int(event.code)
                    self.close_reason = event.reason or ""
                    if self._connection.state is ConnectionState.REMOTE_CLOSING:
                        reply += self._connection.send(event.response())
        except RemoteProtocolError as error:
            raise ProtocolViolationError(str(error)) from error
        return reply

    def goodbye(self) -> bytes:
        """Return the close frame to send, or nothing when the connection is already closing."""
        if self._connection.state is not ConnectionState.OPEN:
            return b""
        return self._connection.send(CloseConnection(CloseReason.NORMAL_CLOSURE))

    def _add(self, text: str, *, finished: bool) -> None:
        self._parts.append(text)
        self._size += len(text)
        if self._size > MAX_EVENT_BYTES:
            raise ProtocolViolationError(f"it sent a message of more than {MAX_EVENT_BYTES} bytes")
        if finished:
            self.messages.append("".join(self._parts))
            self._parts.clear()
            self._size = 0
