"""What makes a request a WebSocket handshake."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from urllib.parse import urlsplit

from coder_conformance.reference.http.context import Request
from coder_conformance.reference.http.render import to_json
from coder_conformance.reference.http.reply import TEXT_TYPE, Reply, envelope


def is_valid_key(key: str) -> bool:
    """Tell whether ``key`` is 16 bytes in base 64."""
    try:
        return len(base64.b64decode(key.encode("latin-1"), validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def is_valid_handshake(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether version and key (lower-case names) are those of a proper handshake."""
    versions = [value for name, value in headers if name == b"sec-websocket-version"]
    keys = [value for name, value in headers if name == b"sec-websocket-key"]
    return versions == [b"13"] and len(keys) == 1 and is_valid_key(keys[0].decode("latin-1"))


def refuse_handshake(request: Request) -> Reply | None:
    """Return the answer to a request that is no proper handshake, ``None`` if it is one."""
    if not request.is_websocket:
        problem = _explain(request)
        status = 426 if problem.startswith(("Connection", "Upgrade")) else 400
        return _refusal(status, problem)
    origin = request.header(b"origin")
    if origin and _host_of(origin) != request.header(b"host").lower():
        return _refusal(403, f"Origin {origin} is not authorized for this host")
    return None


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _explain(request: Request) -> str:
    if not _has_token(request, b"connection", "upgrade"):
        return "Connection header has to contain Upgrade"
    if not _has_token(request, b"upgrade", "websocket"):
        return "Upgrade header has to contain websocket"
    if request.header(b"sec-websocket-version") != "13":
        return "Sec-WebSocket-Version has to be 13"
    return "Sec-WebSocket-Key has to be 16 bytes in base 64, once"


def _has_token(request: Request, name: bytes, token: str) -> bool:
    return any(
        part.strip().lower() == token for line in request.headers(name) for part in line.split(",")
    )


def _refusal(status: int, problem: str) -> Reply:
    line = f"WebSocket protocol violation: {problem}\n".encode("latin-1", "replace")
    error = to_json(envelope("Failed to accept WebSocket.", problem)) + b"\n"
    headers = [TEXT_TYPE]
    if status == 426:
        headers += [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")]
    return Reply(status, line + error, headers)
