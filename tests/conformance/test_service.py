"""Service levels: limits, percentiles, the load, and what a run makes of them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from coder_conformance.load import Load
from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import RunningServer, start_server
from coder_conformance.reference.seed.default import MEMBER, OWNER
from coder_conformance.results import CannotJudgeError
from coder_conformance.service import Answer, Limit, Probe, Sample, ServiceLevels, take

from .faulty_app import App, Receive, Scope, Send

TOKENS = {"CODER_SESSION_TOKEN": OWNER.token, "CODER_OTHER_TOKEN": MEMBER.token}


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("p95=300", Limit(95, 300)),
        ("listWorkspaces:p99=500.5", Limit(99, 500.5, "listWorkspaces")),
        ("p100=1", Limit(100, 1)),
    ],
)
def test_limits_are_read(text: str, limit: Limit) -> None:
    """And written the same way, for the command that repeats a run."""
    assert Limit.parse(text) == limit
    assert str(limit) == text


@pytest.mark.parametrize(
    "text", ["", "95=300", "p0=1", "p101=1", "p95=0", "p95", "p95=300ms", "a b:p9=1"]
)
def test_other_limits_are_refused(text: str) -> None:
    """The sentence shows how one looks."""
    with pytest.raises(ValueError, match="is not of the form p95=300"):
        Limit.parse(text)


def test_the_limit_of_an_operation_goes_before_the_general_one() -> None:
    """For the same percentile; others hold as well."""
    general, other, own = Limit(95, 300), Limit(50, 100), Limit(95, 900, "listWorkspaces")
    levels = ServiceLevels(latency=(general, other, own))
    assert levels.of("listWorkspaces") == [own, other]
    assert levels.of("getUser") == [general, other]


def test_percentiles_are_those_of_the_nearest_rank() -> None:
    """The time within which that part of the answers came, and no mean of two."""
    sample = Sample([n / 1000 for n in range(100, 0, -1)])
    found = [round(sample.percentile(percent)) for percent in (1, 50, 95, 99, 100)]
    assert found == [1, 50, 95, 99, 100]
    assert Sample([0.005]).percentile(50) == 5
    assert sample.beyond([Limit(95, 95), Limit(99, 98)]) == [
        ("p99 of at most 98 ms", "p99 = 99.0 ms over 100 answers")
    ]
    assert Sample(failures=["x"]).beyond([Limit(50, 1)]) == [
        ("p50 of at most 1 ms", "no answer that did not fail")
    ]


def test_answers_that_do_not_come_are_failed_ones() -> None:
    """Their time says nothing, so it counts for no percentile."""

    def silent() -> Answer:
        raise CannotJudgeError("no answer")

    sample = Sample()
    for probe in (silent, lambda: Answer(0.1, 500, right=False), lambda: Answer(0.2, 200)):
        take(sample, probe)
    assert sample.seconds == [0.2]
    assert sample.failures == ["no answer", "the status 500"]
    assert sample.statuses == {500: 1, 200: 1}
    timing = sample.timing("getUser", load=False, duration=2)
    assert (timing.answers, timing.failed, timing.per_second) == (3, 2, 1.5)


def test_a_load_has_the_rate_the_workers_and_the_time_that_it_was_told() -> None:
    """And each operation in it as often as every other."""
    now, most = [0], [0]
    lock = threading.Lock()

    def probe() -> Answer:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.03)
        with lock:
            now[0] -= 1
        return Answer(0.03, 200)

    probes: dict[str, Probe] = {"a": probe, "b": probe}
    begun = time.monotonic()
    samples, seconds = Load(ServiceLevels(seconds=1, workers=3, rate=40), lambda: probes).run()
    assert 0.9 <= seconds <= time.monotonic() - begun < 3
    assert 25 <= samples["a"].count + samples["b"].count <= 41
    assert abs(samples["a"].count - samples["b"].count) <= 3
    assert 1 < most[0] <= 3


def test_a_load_that_breaks_says_so_at_once() -> None:
    """It is the suite's own error, and no measurement."""

    def probe() -> Answer:
        raise ZeroDivisionError

    begun = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        Load(ServiceLevels(seconds=30, workers=2), lambda: {"a": probe}).run()
    assert time.monotonic() - begun < 5


class Slow:
    """Takes its time over one path, and breaks down now and then on another."""

    def __init__(self, app: App, methods: list[str]) -> None:
        self.app = app
        self.methods = methods
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            self.methods.append(scope["method"])
            if scope["path"].endswith("/resolve-autostart"):
                await asyncio.sleep(0.08)
            if scope["path"].endswith("/timings"):
                self.calls += 1
                # Not while one after the other is asked, which are a hundred and five requests.
                if self.calls > 120 and self.calls % 4 == 0:
                    await send({"type": "http.response.start", "status": 500, "headers": []})
                    return await send({"type": "http.response.body", "body": b""})
        return await self.app(scope, receive, send)


@pytest.fixture
def methods() -> list[str]:
    """Methods of the requests that came."""
    return []


@pytest.fixture
def slow(methods: list[str]) -> Generator[RunningServer]:
    """A server that is slow in places."""
    app = create_app(Settings(build_seconds=0.05))
    app.add_middleware(Slow, methods=methods)
    yield from start_server(app)


def judge(url: str | None, reports: Path, *arguments: str) -> tuple[int, str, Any]:
    """Judge service levels; exit status, output, and the report."""
    done = subprocess.run(
        [
            sys.executable, "-m", "coder_conformance", "run", f"--reports={reports}",
            *([f"--url={url}"] if url else []), "--role=server", "--only=service/*", *arguments,
        ],
        env={**os.environ, **TOKENS},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    report = reports / "report.json"
    content = json.loads(report.read_text(encoding="utf-8")) if report.exists() else None
    return done.returncode, done.stdout + done.stderr, content


def test_what_is_slow_or_fails_under_load_is_found(slow: RunningServer, tmp_path: Path) -> None:
    """Each on the operation that it is about, with the numbers in the report; the rest passes."""
    limits = ("--max-latency=p50=2000", "--max-latency=resolveWorkspaceAutostartById:p50=70")
    load = ("--max-error-rate=1%", "--load-seconds=4", "--load-workers=3")
    status, said, report = judge(slow.url, tmp_path, *limits, *load)
    assert status == 1, said
    bad = {
        (r["requirement"], r["operation"]) for r in report["results"] if r["outcome"] == "failed"
    }
    assert bad == {
        ("service/latency", "resolveWorkspaceAutostartById"),
        ("service/sustained-load", "resolveWorkspaceAutostartById"),
        ("service/sustained-load", "getWorkspaceTimingsById"),
    }
    assert "p50 of at most 70 ms" in said
    assert "at most 1.00% failed answers" in said
    assert "the first with: the status 500" in said
    timings = {(t["operation"], t["load"]): t for t in report["timings"]}
    alone = timings["resolveWorkspaceAutostartById", False]
    assert alone["answers"] == 100
    assert 80 <= alone["percentiles"]["p50"] <= alone["percentiles"]["p99"]
    assert timings["getWorkspaceTimingsById", True]["failed"] > 0
    assert ("updateWorkspaceTtlById", False) in timings
    assert "under load" in said
    assert report["statuses"]["getWorkspaceTimingsById"].keys() == {"200", "500"}
    assert "measures  how long answers take, also under a load of 3 connections for 4 s" in said


def test_a_run_that_changes_nothing_measures_reading(
    slow: RunningServer, methods: list[str], tmp_path: Path
) -> None:
    """Also under load."""
    keep = ["run", f"--url={slow.url}", "--role=server", "--only=ttl/limits", "--keep"]
    command = [sys.executable, "-m", "coder_conformance", *keep, f"--reports={tmp_path}"]
    subprocess.run(command, env={**os.environ, **TOKENS}, capture_output=True, check=True)
    methods.clear()
    told = ("--profile=readonly", "--max-latency=p99=20000", "--load-seconds=1", "--load-rate=20")
    status, said, report = judge(slow.url, tmp_path, *told)
    assert status == 0, said
    assert set(methods) == {"GET"}
    load = [timing for timing in report["timings"] if timing["load"]]
    assert sum(timing["answers"] for timing in load) <= 21
    assert {result["requirement"] for result in report["results"]} == {
        "service/latency",
        "service/sustained-load",
    }


def test_without_limits_nothing_is_measured(tmp_path: Path) -> None:
    """The requirements do not apply then, which makes no verdict a partial one."""
    status, said, report = judge(None, tmp_path, "--only=ttl/reads-back")
    assert status == 0, said
    assert {entry["kind"] for entry in report["unjudged"]} == {"not applicable"}
    assert "(no limits were given with --max-latency or --max-error-rate): service/latency" in said
    assert report["timings"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--max-latency=300"], "'300' is not of the form p95=300"),
        (["--max-latency=getUser:p95=300"], "'getUser' is no operation whose latency is judged"),
        (["--max-error-rate=5"], "'5' is not a part of all, such as 0.5%"),
        (["--load-seconds=5"], "--load-seconds says how service levels are judged; give some"),
        (["--load-workers=5"], "--load-workers says how"),
        (["--max-latency=p95=300", "--role=client"], "service levels are those of a server"),
        (
            ["--max-latency=p9=3", "--load-rate=50", "--rate=10"],
            "--load-rate 50 is more than the 10",
        ),
    ],
)
def test_wrong_limits_are_refused(arguments: list[str], says: str, tmp_path: Path) -> None:
    """One sentence, exit status 2, and nothing is sent."""
    status, said, report = judge(None, tmp_path, *arguments)
    assert status == 2
    assert says in said
    assert "Traceback" not in said
    assert report is None
