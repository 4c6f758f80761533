"""Watching a workspace. The streams themselves are in :mod:`..streams`."""

from __future__ import annotations

from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.reply import Reply
from coder_conformance.reference.http.upgrade import refuse_handshake


def watch_workspace_by_id(_context: Context) -> Reply:
    """Begin a stream of server-sent events."""
    return Reply(
        200,
        None,
        [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-cache"),
            (b"connection", b"keep-alive"),
            (b"x-accel-buffering", b"no"),
        ],
    )


def watch_workspace_by_id_via_websockets(context: Context) -> Reply:
    """Agree to a WebSocket, or say what is wrong with the handshake."""
    return refuse_handshake(context.request) or Reply(101)
