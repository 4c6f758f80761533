"""The pace of requests: the rate that a run was told, and what the server asks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from coder_conformance import pace
from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import RunningServer, start_server
from coder_conformance.reference.seed.default import MEMBER, OWNER
from coder_conformance.results import CannotJudgeError
from coder_conformance.settings import rate_for

from .faulty_app import App, Receive, Scope, Send

TOKENS = {"CODER_SESSION_TOKEN": OWNER.token, "CODER_OTHER_TOKEN": MEMBER.token}
WAIT = 0.3


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that paces go by."""
    made = Clock()
    monkeypatch.setattr(pace, "time", made)
    return made


class Busy:
    """Notes when requests come, and has too many of them now and then."""

    def __init__(self, app: App, seen: list[float], refused: list[float], every: int) -> None:
        self.app = app
        self.seen = seen
        self.refused = refused
        self.every = every

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] not in {"http", "websocket"}:
            return await self.app(scope, receive, send)
        self.seen.append(time.monotonic())
        if self.every and len(self.seen) % self.every == 0 and scope["type"] == "http":
            self.refused.append(self.seen[-1])
            headers = [(b"retry-after", str(WAIT).encode())]
            await send({"type": "http.response.start", "status": 429, "headers": headers})
            return await send({"type": "http.response.body", "body": b""})
        return await self.app(scope, receive, send)


@pytest.fixture
def seen() -> list[float]:
    """When requests came."""
    return []


@pytest.fixture
def refused() -> list[float]:
    """When requests were refused."""
    return []


@pytest.fixture
def busy(
    request: pytest.FixtureRequest, seen: list[float], refused: list[float]
) -> Generator[RunningServer]:
    """A server that refuses each so many-th request."""
    app = create_app(Settings(build_seconds=0.05))
    app.add_middleware(Busy, seen=seen, refused=refused, every=request.param)
    yield from start_server(app)


def judge(server: RunningServer, reports: Path, *arguments: str) -> tuple[int, str, Any]:
    """Judge a server by every way in which the suite sends requests; status, output, report."""
    only = ("contract/*", "get/*", "routes/no-head", "watch*/first-*", "ttl/reads-back")
    done = subprocess.run(
        [
            sys.executable, "-m", "coder_conformance", "run",
            f"--url={server.url}", f"--reports={reports}",
            "--role=server", "--examples=1", "--operation=getWorkspaceMetadataById",
            "--operation=updateWorkspaceTtlById", "--operation=watchWorkspaceById",
            "--operation=watchWorkspaceByIdViaWebsockets",
            *(f"--only={name}" for name in only), *arguments,
        ],
        env={**os.environ, **TOKENS},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )  # fmt: skip
    report = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    return done.returncode, done.stdout + done.stderr, report


@pytest.mark.parametrize("busy", [0], indirect=True)
def test_no_request_is_faster_than_the_rate(
    busy: RunningServer, seen: list[float], tmp_path: Path
) -> None:
    """Scenarios, streams, raw and generated requests and the clean-up together keep to it."""
    status, said, _ = judge(busy, tmp_path, "--rate=60")
    assert status == 0, said
    assert "sends     up to 60 requests a second" in said
    assert len(seen) > 200
    for n, begun in enumerate(seen):
        within = sum(begun <= at < begun + 1 for at in seen[n:])
        # They arrive a little closer together than they were sent.
        assert within <= 60 + pace.BURST + 6


@pytest.mark.parametrize("busy", [15], indirect=True)
def test_too_many_requests_are_no_fault(
    busy: RunningServer, seen: list[float], refused: list[float], tmp_path: Path
) -> None:
    """After each such answer the suite waits as it is told, asks again, and finds no fault."""
    status, said, report = judge(busy, tmp_path)
    assert status == 0, said
    assert report["counts"]["error"] == 0
    assert len(refused) > 10
    for at in refused:
        # What other threads have sent by then is under way.
        assert sum(at < other < at + WAIT - 0.02 for other in seen) <= 2


def test_the_rate_is_kept_on_average_and_bursts_are_short(clock: Clock) -> None:
    """A few at once, then one by one."""
    made = pace.Pace()
    made.rate = 10
    clock.now += 100
    times: list[float] = []
    for _ in range(20):
        made.wait()
        times.append(clock.now)
    assert times[pace.BURST] == times[0]
    assert times[-1] - times[0] == pytest.approx((20 - 1 - pace.BURST) / 10)


def test_without_a_rate_only_the_server_holds_up(clock: Clock) -> None:
    """429 does, with what it says; other answers do not."""
    made = pace.Pace()
    begun = clock.now
    made.wait()
    assert made.allows(503, "7")
    made.wait()
    assert clock.now == begun
    assert not made.allows(429, "7")
    made.wait()
    assert clock.now == begun + 7


def test_a_server_elsewhere_that_is_unwell_is_left_alone_for_longer_and_longer(
    clock: Clock,
) -> None:
    """Until it is well again; what it asks for itself comes first."""
    made = pace.Pace()
    made.rate = 1000
    waits: list[float] = []
    for status, asks in (
        (503, None),
        (502, None),
        (504, None),
        (503, "9"),
        (200, None),
        (503, None),
    ):
        made.allows(status, asks)
        before = clock.now
        made.wait()
        waits.append(round(clock.now - before, 1))
    assert waits == [1, 2, 4, 9, 0, 1]


def test_patience_ends() -> None:
    """A server that has too many requests for ever gives no verdict."""
    with pytest.raises(CannotJudgeError, match="rate limit ends the run"):
        pace.patiently(lambda: None)


@pytest.mark.parametrize(
    ("url", "asked", "rate"),
    [
        (None, None, None),
        ("http://127.0.0.1:1", None, None),
        ("http://127.0.0.1:1", 5, 5),
        ("https://coder.example.com", None, 20),
        ("https://coder.example.com", 500, 500),
    ],
)
def test_servers_elsewhere_are_spared(url: str | None, asked: float | None, rate: float) -> None:
    """Whoever says nothing sends 20 requests a second to them at most."""
    assert rate_for(url, asked) == rate


def test_all_connections_to_a_server_have_one_pace() -> None:
    """However they came about."""
    assert pace.pace_of("http://A.example:3000/x") is pace.pace_of("http://a.example:3000")
    assert pace.pace_of("http://a.example:3001") is not pace.pace_of("http://a.example:3000")
