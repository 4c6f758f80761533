"""How many workspaces a run makes, which are expensive on real servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from coder_conformance.budget import MOST, Budget
from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import RunningServer, start_server
from coder_conformance.reference.seed.default import MEMBER, OWNER
from coder_conformance.results import CannotJudgeError

from .faulty_app import App, Receive, Scope, Send


class CountingCreations:
    """Counts the workspaces and builds that the server was made to make."""

    def __init__(self, app: App, made: list[str]) -> None:
        self.app = app
        self.made = made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""

        async def counting(message: Scope) -> None:
            if message.get("status") == 201:
                self.made.append(scope["path"].rsplit("/", 1)[-1])
            await send(message)

        creates = scope["type"] == "http" and scope["method"] == "POST"
        await self.app(scope, receive, counting if creates else send)


@pytest.fixture
def made() -> list[str]:
    """What was made: `workspaces` and `builds`."""
    return []


@pytest.fixture
def counted(made: list[str]) -> Generator[RunningServer]:
    """A server with all features that counts."""
    settings = Settings(
        build_seconds=0.1,
        allow_renames=True,
        experiments=frozenset({"workspace-sharing", "workspace-usage"}),
    )
    app = create_app(settings)
    app.add_middleware(CountingCreations, made=made)
    yield from start_server(app)


def judge(server: RunningServer, reports: Path, *arguments: str) -> tuple[int, str]:
    """Run the suite on a server; its exit status and everything it said."""
    tokens = {"CODER_SESSION_TOKEN": OWNER.token, "CODER_OTHER_TOKEN": MEMBER.token}
    done = subprocess.run(
        [
            sys.executable, "-m", "coder_conformance", "run", "--role=server",
            f"--url={server.url}", f"--reports={reports}", *arguments,
        ],
        env={**os.environ, **tokens},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


# All that makes workspaces, starts, stops or deletes them; the rest shares those that are there.
MAKERS = ("create", "by-organization", "lifecycle", "isolation", "state", "get*", "dormancy", "acl",
          "timings", "rename", "watch*", "concurrency")  # fmt: skip


@pytest.mark.parametrize(("profile", "most"), [("smoke", 2), ("standard", 8)])
def test_a_run_makes_few_workspaces(
    counted: RunningServer, made: list[str], tmp_path: Path, profile: str, most: int
) -> None:
    """For both users together at most what was said before, and the report says how many."""
    narrow = [f"--only={name}/*" for name in MAKERS if profile == "standard"]
    arguments = (f"--profile={profile}", "--examples=1", *narrow)
    status, said = judge(counted, tmp_path, *arguments)
    assert status == 0, said
    assert MOST[profile] == most
    assert f"creates   up to {most} workspaces named cf-" in said
    assert 0 < made.count("workspaces") <= most
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["created"] == made.count("workspaces")


@pytest.mark.parametrize(
    ("only", "most"),
    [
        ("create/reads-back", 1),
        ("create/empty-settings", 1),
        ("create/name-is-free-after-deletion", 3),
        ("concurrency/same-name", 3),
        ("isolation/names-are-per-owner", 3),
        ("state/short-sequences", 3),
    ],
)
def test_a_requirement_alone_makes_what_it_needs(
    counted: RunningServer, made: list[str], tmp_path: Path, only: str, most: int
) -> None:
    """And is judged, without any other having been judged before; features take one."""
    status, said = judge(counted, tmp_path, f"--only={only}")
    assert status == 0, said
    assert 0 < made.count("workspaces") <= most + 1


def test_no_more_than_the_budget_is_made() -> None:
    """Whoever wants one too many is stopped before the request."""
    budget = Budget(2)
    for _ in range(2):
        budget.check()
        budget.spent += 1
    with pytest.raises(CannotJudgeError, match="all 2 workspaces that the profile allows"):
        budget.check()
