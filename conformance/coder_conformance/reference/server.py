"""Runs the application on a socket of its own until a signal comes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from coder_conformance.reference.http.app import Gateway
from coder_conformance.reference.http.upgrade import is_valid_handshake
from coder_conformance.reference.seed.model import UserSeed

BACKLOG = 2048
# Clients that do not read any more are cut off after this time.
STOP_SECONDS = 1
WEBSOCKET_LEAF = "/watch-ws"
# Long enough for every client message that is answered with a close frame anyway.
WEBSOCKET_MAX_BYTES = 1 << 20


class Protocol(H11Protocol):
    """HTTP/1.1 that upgrades where there is a WebSocket, and only for proper handshakes.

    All others are left to the application, which authenticates first and then answers as the
    original does; elsewhere the wish for an upgrade is ignored.
    """

    def _should_upgrade(self) -> bool:
        wanted = super()._should_upgrade() and self.scope["path"].endswith(WEBSOCKET_LEAF)
        return wanted and is_valid_handshake(self.headers)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, and end the request that it belongs to.

        Left to itself the original would try to send a second answer, and log that it cannot.
        """
        _abandon(self.cycle)
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the application answers such requests."""


def _abandon(cycle: RequestResponseCycle | None) -> None:
    """Let the application know that nobody waits for an answer any more."""
    if cycle is not None and not cycle.response_complete:
        cycle.disconnected = True
        cycle.message_event.set()


class SocketProtocol(WebSocketsSansIOProtocol):
    """WebSockets that may also be refused without a word in the log."""

    def send_receive_event_to_app(self) -> None:
        """Tell the application that the client said something, which it must not, whatever it is.

        As bytes, because texts are decoded, and those that cannot be are logged as exceptions.
        """
        self.curr_msg_data_type = "bytes"
        super().send_receive_event_to_app()

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application has to say.

        Nothing more goes to a client that was closed for what it sent: the original takes that for
        a mistake of the application, which cannot know yet. And a refusal ends the handshake as
        much as a consent does, which it overlooks, only to log that it was left unfinished.
        """
        if self.close_sent and message["type"] in ("websocket.send", "websocket.close"):
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True


class Server(uvicorn.Server):
    """A server that reports when it accepts connections and ends streams before it stops."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway, ready: Callable[[], None]) -> None:
        """Call ``ready`` once connections are accepted."""
        super().__init__(config)
        self._gateway = gateway
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for answers under way, but not for clients that do not take them."""
        timer = asyncio.get_running_loop().call_later(STOP_SECONDS, self._cut_off)
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()

    def _cut_off(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams and stop; a second Ctrl-C stops without waiting.

        Unlike the original the signal is not raised again afterwards: stopping is what it asked
        for, so the program ends regularly.
        """
        del frame
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.stop()

    def stop(self) -> None:
        """End the streams and have the server stop."""
        self._gateway.streams.stop()
        self.should_exit = True


def open_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket; ``port`` 0 takes a free one. Raises :class:`OSError`."""
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the URL under which ``listener`` is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(app: Starlette, ready: Callable[[], None]) -> Server:
    """Return a server for ``app`` that calls ``ready`` once it accepts connections."""
    gateway: Gateway = app.state.gateway
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws=SocketProtocol,
        ws_per_message_deflate=False,
        ws_ping_interval=gateway.heartbeat_seconds,
        ws_ping_timeout=None,
        ws_max_size=WEBSOCKET_MAX_BYTES,
        lifespan="on",
        # Below warnings this log shows requests with their tokens, as the access log does.
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS + 2,
        # Nobody stands in front of this server, so nobody may claim another address.
        proxy_headers=False,
        backlog=BACKLOG,
    )
    return Server(config, gateway, ready)


def write_ready_file(path: Path, url: str, users: Mapping[str, UserSeed]) -> None:
    """Write URL and credentials as JSON, in one step and readable by the owner only.

    ``users`` are those to tell of by role, ``owner`` and ``member``. Raises :class:`OSError`.
    """
    content: dict[str, Any] = {"url": url}
    for role, user in users.items():
        content[role] = {"username": user.username, "email": user.email, "token": user.token}
        if user.password:
            content[role]["password"] = user.password
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.write("\n")
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
