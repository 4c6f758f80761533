from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from .servers import raw_server
from .support import Runner


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the caller's environment configures."""
    monkeypatch.delenv("CODER_URL", raising=False)
    monkeypatch.delenv("CODER_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("CODER_CLIENT_LOG", raising=False)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Both kinds of client, one after the other."""
    return Runner(is_async=request.param)


@pytest.fixture
def tls_url() -> Iterator[str]:
    """Address of a server whose certificate no usual authority has signed; it answers 204.

    The certificate and its key are in this folder; they are for these tests and good for no host
    but this one.
    """
    folder = Path(__file__).parent / "tls"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")

    def script(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")

    with raw_server(script, tls=context) as peer:
        yield peer.url.replace("http:", "https:")
