"""The second user that a run creates where nobody gave one: who comes, and that nobody stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import RunningServer, start_server
from coder_conformance.reference.seed.default import MEMBER, OWNER

from .faulty import Fault
from .faulty_app import App, Faulty, Receive, Scope, Send

COMMAND = [sys.executable, "-m", "coder_conformance"]
# Comes to workspaces of both users at once, and then has much to do.
LONG = ("--only=isolation/names-are-per-owner", "--only=list/*", "--only=ttl/*")
ISOLATION = ("--only=isolation/names-are-per-owner", "--only=isolation/owner-sees-all")


class Noting:
    """Notes method and path of every request that could change anything."""

    def __init__(self, app: App, changes: list[tuple[str, str]]) -> None:
        self.app = app
        self.changes = changes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http" and scope["method"] != "GET":
            self.changes.append((scope["method"], scope["path"].removeprefix("/api/v2")))
        await self.app(scope, receive, send)


@pytest.fixture
def changes() -> list[tuple[str, str]]:
    """What the server was asked to change."""
    return []


@pytest.fixture
def server(changes: list[tuple[str, str]]) -> Generator[RunningServer]:
    """A server that notes what it is asked to change."""
    app = create_app(Settings(build_seconds=0.05))
    app.add_middleware(Noting, changes=changes)
    yield from start_server(app)


def start(server: RunningServer, *arguments: str, token: str = OWNER.token, other: str = "") -> Any:
    """Start a command with the token of one user alone, unless another one is given."""
    environment = {**os.environ, "CODER_OTHER_TOKEN": other}
    return subprocess.Popen(
        [*COMMAND, *arguments, f"--url={server.url}"],
        env={**environment, "CODER_SESSION_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(
    server: RunningServer,
    reports: Path,
    *arguments: str,
    token: str = OWNER.token,
    other: str = "",
) -> tuple[int, str]:
    """Judge a server; the exit status and everything that was said."""
    command = ("run", "--role=server", f"--reports={reports}", *arguments)
    process = start(server, *command, token=token, other=other)
    said, _ = process.communicate(timeout=100)
    assert "Traceback" not in said
    return process.returncode, said


def users(server: RunningServer) -> list[str]:
    """The users of runs who are not deleted."""
    store = server.app.state.world.store
    return server.call(
        lambda: [
            u.username for u in store.users.values() if u.username[:3] == "cf-" and not u.deleted
        ]
    )


def owners(server: RunningServer) -> set[str]:
    """Who owns the workspaces of runs."""
    store = server.app.state.world.store
    return server.call(
        lambda: {
            store.users[w.owner_id].username
            for w in store.live_workspaces()
            if w.name.startswith("cf-")
        }
    )


def until_both_own_workspaces(server: RunningServer) -> None:
    """Wait until a run is at work as both users."""
    deadline = time.monotonic() + 40
    while len(owners(server)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def user_token(*roles: str, server: RunningServer) -> str:
    """A token of a new user with these roles."""
    headers = {"coder-session-token": OWNER.token}
    with httpx2.Client(base_url=f"{server.url}/api/v2", headers=headers) as http:
        body: dict[str, Any] = {
            "username": "admin",
            "email": "admin@coder.example",
            "password": "A-Good-Enough-Password-1",
            "organization_ids": ["00000000-0000-0000-0000-000000000000"],
        }
        assert http.post("/users", json=body).status_code == 201
        assert http.put("/users/admin/roles", json={"roles": roles}).status_code == 200
        key: str = http.post("/users/admin/keys/tokens", json={}).json()["key"]
    return key


def test_the_user_comes_and_goes(
    server: RunningServer, changes: list[tuple[str, str]], tmp_path: Path
) -> None:
    """Isolation is tested, the plan says by whom, and neither user, journal nor secret stays."""
    status, said = run(server, tmp_path, *ISOLATION)
    assert status == 0, said
    assert "creates   a second user named cf-" in said
    assert users(server) == []
    assert owners(server) == set()
    (deleted,) = [path for method, path in changes if method == "DELETE" and "/users/" in path]
    assert changes[-1] == ("DELETE", deleted)
    assert not list(tmp_path.glob("journal-*"))
    judged = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert {result["outcome"] for result in judged["results"]} == {"passed"}


def test_whoever_may_create_users_alone_can_let_them_in(
    server: RunningServer, changes: list[tuple[str, str]], tmp_path: Path
) -> None:
    """Where the token may not make tokens for others the new user signs in."""
    token = user_token("user-admin", server=server)
    status, said = run(server, tmp_path, "--only=isolation/names-are-per-owner", token=token)
    assert status == 0, said
    assert ("POST", "/users/login") in changes
    assert users(server) == []


@pytest.mark.parametrize("token", [MEMBER.token])
def test_a_token_that_may_not(
    server: RunningServer, changes: list[tuple[str, str]], tmp_path: Path, token: str
) -> None:
    """The run goes on, says what it could not test and what the server answered, and is partial."""
    only = ("--only=isolation/names-are-per-owner", "--only=ttl/limits")
    status, said = run(server, tmp_path, *only, token=token)
    assert status == 4, said
    refused = "creating a second user was answered with 403"
    assert f"without   a second user: {refused}" in said
    assert f"Not tested (no second user: {refused}" in said
    assert users(server) == []
    assert not [path for method, path in changes if method == "DELETE"]
    assert not list(tmp_path.glob("journal-*"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-create-user", *ISOLATION),
        ("--only=ttl/limits",),
        ("--dry-run", *ISOLATION),
        ("--profile=smoke", "--only=authentication/token-required"),
    ],
    ids=["switched off", "not needed", "dry run", "smoke"],
)
def test_no_user_without_need(
    server: RunningServer, changes: list[tuple[str, str]], tmp_path: Path, arguments: tuple[str]
) -> None:
    """A run that was told not to, or has no use for it, does not even try."""
    run(server, tmp_path, *arguments)
    assert ("POST", "/users") not in changes


def test_a_run_without_a_second_user_says_so(server: RunningServer, tmp_path: Path) -> None:
    """Switched off, the plan says what is not tested, and how to repeat the run tells it too."""
    status, said = run(server, tmp_path, "--no-create-user", *ISOLATION)
    assert status == 3, said
    assert "without   a second user: isolation between users is not tested" in said
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "--no-create-user" in report["command"]


@pytest.mark.parametrize(
    ("token", "other", "says"),
    [
        (MEMBER.token, OWNER.token, "the second user, owner, has the role owner and may see the"),
        (OWNER.token, OWNER.token, "both tokens are those of owner; give the token of an ordinary"),
        (OWNER.token, "wrong-token", "the token of the second user cannot be used (getUser was"),
    ],
    ids=["privileged", "same", "wrong"],
)
def test_a_second_user_who_shows_nothing_is_refused(
    server: RunningServer,
    changes: list[tuple[str, str]],
    tmp_path: Path,
    token: str,
    other: str,
    says: str,
) -> None:
    """Whoever may see everything, or is the first user, would make a right server look wrong."""
    status, said = run(server, tmp_path, "--profile=smoke", token=token, other=other)
    assert status == 3
    assert f"INCONCLUSIVE ({says}" in said
    assert changes == []
    assert (tmp_path / "report.json").exists()


@pytest.mark.parametrize("variable", ["token", "other"])
@pytest.mark.parametrize("wrong", ["two\nlines", "t\u00f6ken-1234", "first second"])
def test_what_cannot_be_a_token_is_refused_and_not_shown(
    server: RunningServer, tmp_path: Path, variable: str, wrong: str
) -> None:
    """The sentence names the variable, and its value stays unsaid."""
    status, said = run(server, tmp_path, "--profile=smoke", **{variable: wrong})
    assert status == 2
    name = {"token": "CODER_SESSION_TOKEN", "other": "CODER_OTHER_TOKEN"}[variable]
    assert f"{name} holds characters that no session token has; set it to a token" in said
    assert wrong.split(maxsplit=1)[0] not in said.split()
    assert wrong not in said


def test_blanks_around_a_token_do_not_matter(server: RunningServer, tmp_path: Path) -> None:
    """A token that was read from a file usually ends with the end of a line."""
    token = f" {OWNER.token}\n"
    status, said = run(server, tmp_path, "--only=get/returns-the-one-asked-for", token=token)
    assert status == 0, said


def test_ctrl_c_deletes_the_user_too(server: RunningServer, tmp_path: Path) -> None:
    """After an interruption both users' workspaces go first and then the user."""
    process = start(server, "run", "--role=server", f"--reports={tmp_path}", *LONG)
    until_both_own_workspaces(server)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert users(server) == []
    assert owners(server) == set()


@pytest.mark.parametrize("journal", [True, False], ids=["with journal", "without"])
def test_a_killed_run_is_swept_up_after(
    server: RunningServer, tmp_path: Path, journal: bool
) -> None:
    """The sweep finds the user by the journal or by workspaces, and deletes these first."""
    process = start(server, "run", "--role=server", f"--reports={tmp_path}", *LONG)
    until_both_own_workspaces(server)
    process.kill()
    process.communicate()
    assert len(users(server)) == 1
    (noted,) = tmp_path.glob("journal-*.jsonl")
    text = noted.read_text(encoding="utf-8")
    assert json.loads(text.splitlines()[0])["name"] == users(server)[0]
    assert "password" not in text
    if not journal:
        noted.unlink()
    # Somebody who cannot see other users must not take them for gone.
    if journal:
        sweep = start(server, "sweep", f"--reports={tmp_path}", token=MEMBER.token)
        said, _ = sweep.communicate(timeout=60)
        assert sweep.returncode == 5
        assert f"Left on the server: the user {users(server)[0]}: this token may not" in said
        assert noted.exists()
    sweep = start(server, "sweep", f"--reports={tmp_path}")
    said, _ = sweep.communicate(timeout=60)
    assert sweep.returncode == 0, said
    assert " and 1 user(s) of earlier runs deleted, 0 left." in said
    assert users(server) == []
    assert owners(server) == set()
    assert not noted.exists()


def test_a_user_killed_before_any_workspace_is_found_by_the_journal(
    server: RunningServer, tmp_path: Path
) -> None:
    """The name is on record before the user is there."""
    process = start(server, "run", "--role=server", f"--reports={tmp_path}", *ISOLATION)
    while not users(server):
        time.sleep(0.002)
    process.kill()
    process.communicate()
    sweep = start(server, "sweep", f"--reports={tmp_path}")
    said, _ = sweep.communicate(timeout=60)
    assert " and 1 user(s) of earlier runs deleted, 0 left." in said
    assert users(server) == []


def test_a_user_who_cannot_be_deleted_is_reported(tmp_path: Path) -> None:
    """The verdict stays, the exit status says that something is left, and what."""
    app = create_app(Settings(build_seconds=0.05))
    kept = Fault("users-stay", "deleteUser", "", "DELETE", "/users/[^/]+", drop=True, answer=500)
    app.add_middleware(Faulty, fault=kept)
    with_server = start_server(app)
    server = next(with_server)
    status, said = run(server, tmp_path, *ISOLATION)
    assert status == 5, said
    (name,) = users(server)
    assert f"Left on the server: the user {name}: its deletion was answered with 500" in said
    assert list(tmp_path.glob("journal-*"))
    with_server.close()
