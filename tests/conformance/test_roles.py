"""The role that a run's second user has while single tests last, and has no longer after them."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import RunningServer, start_server
from coder_conformance.reference.seed.default import MEMBER

from .faulty import Fault, Message
from .faulty_app import App, Faulty, Receive, Scope, Send
from .test_second_user import run

SAID = "gives     that user the role template-admin while single tests last"
OBSERVERS = "--only=isolation/observer-can-read"


class Roles:
    """Notes which roles users are given."""

    def __init__(self, app: App, given: list[list[str]]) -> None:
        self.app = app
        self.given = given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or not scope["path"].endswith("/roles"):
            await self.app(scope, receive, send)
            return
        message = await receive()
        self.given.append(json.loads(message["body"])["roles"])

        async def again() -> Message:
            return message

        await self.app(scope, again, send)


@pytest.fixture
def given() -> list[list[str]]:
    """The roles that users were given, one after the other."""
    return []


@pytest.fixture
def server(request: pytest.FixtureRequest, given: list[list[str]]) -> Generator[RunningServer]:
    """A server that notes the roles, with a fault if the test names one."""
    app = create_app(Settings(build_seconds=0.05))
    fault = getattr(request, "param", None)
    if fault is not None:
        app.add_middleware(Faulty, fault=fault)
    app.add_middleware(Roles, given=given)
    yield from start_server(app)


def put_back(given: list[list[str]]) -> bool:
    """Whether each role was taken back before the next was given."""
    return bool(given) and given == [["template-admin"], []] * (len(given) // 2)


def test_the_role_is_put_back(
    server: RunningServer, given: list[list[str]], tmp_path: Path
) -> None:
    """The plan says that it is given."""
    status, said = run(server, tmp_path, OBSERVERS)
    assert status == 0, said
    assert SAID in said
    assert put_back(given)


@pytest.mark.parametrize(
    "server",
    [Fault("x", "", "", "GET", "/workspaces/[^/]+/timings", refuse=bool, refusal=404)],
    indirect=True,
)
def test_the_role_is_put_back_after_a_failure(
    server: RunningServer, given: list[list[str]], tmp_path: Path
) -> None:
    """A test that fails keeps nobody in a role."""
    status, said = run(server, tmp_path, OBSERVERS)
    assert status == 1, said
    assert put_back(given)


def test_a_given_user_keeps_its_roles(
    server: RunningServer, given: list[list[str]], tmp_path: Path
) -> None:
    """A user that is not the run's own is given none, and the plan does not say so."""
    _, said = run(server, tmp_path, OBSERVERS, other=MEMBER.token)
    assert SAID not in said
    assert not given
