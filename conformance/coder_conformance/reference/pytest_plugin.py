"""Fixtures for tests that want a reference deployment.

Use it with ``pytest -p coder_conformance.reference.pytest_plugin`` or
``pytest_plugins = ["coder_conformance.reference.pytest_plugin"]``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import pytest
from starlette.applications import Starlette

from coder_conformance.reference.application import create_app
from coder_conformance.reference.seed.default import MEMBER, OWNER
from coder_conformance.reference.server import Server, make_server, open_socket, url_of
from coder_conformance.reference.settings import Settings

T = TypeVar("T")
START_SECONDS = 10


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A reference server in a thread of its own.

    Attributes:
        url: URL of the server, without a path.
        app: The application; ``app.state.world`` is the deployment.
    """

    url: str
    app: Starlette
    _server: Server
    _loop: asyncio.AbstractEventLoop

    def call(self, action: Callable[[], T]) -> T:
        """Run ``action`` in the server's thread, where the deployment may be touched."""

        async def run() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(START_SECONDS)


def start_server(app: Starlette) -> Generator[RunningServer]:
    """Serve ``app`` on a free port of 127.0.0.1 until the generator is closed."""
    listener = open_socket("127.0.0.1", 0)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    server = make_server(app, ready.set)

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve([listener]))
        loop.close()

    thread = threading.Thread(target=run, name="reference-server", daemon=True)
    thread.start()
    if not ready.wait(START_SECONDS):
        raise RuntimeError("the reference server did not start")
    try:
        yield RunningServer(url_of(listener), app, server, loop)
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(START_SECONDS)
        listener.close()


@pytest.fixture(scope="session")
def reference_settings() -> Settings:
    """Switches of the shared deployment; override this fixture to change them."""
    return Settings(build_seconds=0.1)


@pytest.fixture(scope="session")
def reference_server(reference_settings: Settings) -> Generator[RunningServer]:
    """Give a running server with the default contents, shared by all tests."""
    yield from start_server(create_app(reference_settings))


@pytest.fixture(scope="session")
def reference_url(reference_server: RunningServer) -> str:
    """URL of the running server."""
    return reference_server.url


@pytest.fixture(scope="session")
def reference_owner_token() -> str:
    """Token of a user who may do everything."""
    return OWNER.token


@pytest.fixture(scope="session")
def reference_member_token() -> str:
    """Token of a user without any role."""
    return MEMBER.token
