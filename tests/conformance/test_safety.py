"""What a run may do on a server, what it leaves there, and failures that are known."""

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

from coder_conformance import catalogue
from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import RunningServer, start_server
from coder_conformance.reference.seed.default import MEMBER, OWNER

from .faulty import Answer, Fault
from .faulty_app import App, Faulty, Receive, Scope, Send

COMMAND = [sys.executable, "-m", "coder_conformance"]
TOKENS = {"CODER_SESSION_TOKEN": OWNER.token, "CODER_OTHER_TOKEN": MEMBER.token}
NOT_STORED = Fault(
    "a-ttl-is-not-stored",
    "updateWorkspaceTtlById",
    "ttl/reads-back",
    "PUT",
    r"/workspaces/[^/]+/ttl",
    drop=True,
)


class Counting:
    """Notes the method of every request."""

    def __init__(self, app: App, methods: list[str]) -> None:
        self.app = app
        self.methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            self.methods.append(scope["method"])
        elif scope["type"] == "websocket":
            self.methods.append("GET")
        await self.app(scope, receive, send)


@pytest.fixture
def methods() -> list[str]:
    """Methods that the counted server was asked with."""
    return []


@pytest.fixture
def counted(methods: list[str]) -> Generator[RunningServer]:
    """A server that counts."""
    app = create_app(Settings(build_seconds=0.05))
    app.add_middleware(Counting, methods=methods)
    yield from start_server(app)


def run(*arguments: str, reports: Path, timeout: float = 100) -> tuple[int, str]:
    """Run a command; its exit status and everything it said."""
    done = subprocess.run(
        [*COMMAND, *arguments, f"--reports={reports}"],
        env={**os.environ, **TOKENS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def mine(server: RunningServer) -> list[Any]:
    """The suite's workspaces on a server."""
    answer = httpx2.get(
        f"{server.url}/api/v2/workspaces",
        params={"q": "name:cf-"},
        headers={"coder-session-token": OWNER.token},
    )
    found: list[Any] = answer.json()["workspaces"]
    return found


def test_readonly_changes_nothing(
    counted: RunningServer, methods: list[str], tmp_path: Path
) -> None:
    """The whole profile sends GET requests alone, and what is not there is not tested."""
    headers = {"coder-session-token": OWNER.token}
    with httpx2.Client(base_url=f"{counted.url}/api/v2", headers=headers) as http:
        template = http.get("/templates").json()[0]["id"]
        for name in ("two", "Another-1", "b"):
            body = {"name": name, "template_id": template}
            assert http.post("/users/me/workspaces", json=body).status_code == 201
    methods.clear()
    status, said = run(
        "run",
        f"--url={counted.url}",
        "--role=server",
        "--profile=readonly",
        "--examples=2",
        reports=tmp_path,
    )
    assert status == 4, said
    assert set(methods) == {"GET"}
    assert len(methods) > 1000
    assert "creates   nothing" in said
    assert "(the user has no stopped workspace to look at; create one" in said
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["counts"]["passed"] > 250
    assert (report["counts"]["failed"], report["counts"]["error"]) == (0, 0)


def test_readonly_needs_something_to_look_at(counted: RunningServer, tmp_path: Path) -> None:
    """Without any workspace there is no verdict, and a sentence says what to do."""
    status, said = run(
        "run", f"--url={counted.url}", "--role=server", "--profile=readonly", reports=tmp_path
    )
    assert status == 3
    assert "create one, or choose the profile standard" in said


def furnished(http: httpx2.Client, template: str) -> dict[str, Any]:
    """Workspaces of a user, with settings."""
    made: dict[str, Any] = {}
    for name in ("theirs", "Other-1", "z"):
        body = {"name": name, "template_id": template, "ttl_ms": 7_200_000,
                "autostart_schedule": "CRON_TZ=UTC 11 3 * * 1"}  # fmt: skip
        answer = http.post("/users/me/workspaces", json=body)
        assert answer.status_code == 201
        made[answer.json()["id"]] = None
    http.put(f"/workspaces/{next(iter(made))}/favorite")
    return made


def as_they_are(http: httpx2.Client, workspaces: dict[str, Any]) -> dict[str, Any]:
    """What settings, builds and marks these workspaces have."""
    names = ("name", "ttl_ms", "autostart_schedule", "automatic_updates", "dormant_at", "favorite")
    shown = {w: http.get(f"/workspaces/{w}").json() for w in workspaces}
    return {
        workspace: {name: seen.get(name) for name in names}
        | {name: seen["latest_build"][name] for name in ("id", "deadline", "status", "updated_at")}
        for workspace, seen in shown.items()
    }


@pytest.mark.parametrize("only", [(), ("--only=contract/*", "--examples=150")], ids=["all", "many"])
def test_what_is_not_the_runs_own_stays_as_it_is(only: tuple[str, ...], tmp_path: Path) -> None:
    """Workspaces of both users that were there before are neither changed nor more or fewer."""
    app = create_app(Settings(build_seconds=0.1, allow_renames=True))
    for server in start_server(app):
        url = f"{server.url}/api/v2"
        users = [
            httpx2.Client(base_url=url, headers={"coder-session-token": token})
            for token in TOKENS.values()
        ]
        template = users[0].get("/templates").json()[0]["id"]
        theirs = [(http, furnished(http, template)) for http in users]
        time.sleep(0.5)
        before = [as_they_are(http, made) for http, made in theirs]
        given = ("run", f"--url={server.url}", "--role=server", "--profile=standard", *only)
        _, said = run(*given, reports=tmp_path, timeout=400)
        assert " 0 failed, " in said
        assert [as_they_are(http, made) for http, made in theirs] == before
        assert users[0].get("/workspaces").json()["count"] == 6
        for http in users:
            http.close()


def test_a_server_elsewhere_is_only_looked_at_by_default() -> None:
    """Whoever names no profile cannot change a server that is not on this machine."""
    from coder_conformance.arguments import parser  # noqa: PLC0415
    from coder_conformance.cli import settings_of  # noqa: PLC0415

    def profile(*arguments: str) -> str:
        commands = dict.fromkeys(("run", "sweep", "list", "options"), lambda _: 0)
        given = parser(commands).parse_args(["run", "--role=client", *arguments])
        return settings_of(given).profile

    assert profile() == "standard"
    assert profile("--url=http://127.0.0.1:1") == "standard"
    assert profile("--url=https://coder.example.com") == "readonly"
    assert profile("--url=https://coder.example.com", "--profile=full") == "full"


def test_a_dry_run_sends_no_more_than_questions(
    counted: RunningServer, methods: list[str], tmp_path: Path
) -> None:
    """The plan names what would be judged and created."""
    arguments = ("--dry-run", "--role=server", "--only=ttl/*", f"--url={counted.url}")
    status, said = run("run", *arguments, reports=tmp_path)
    assert status == 0
    assert "ttl/limits · updateWorkspaceTtlById" in said
    assert "creates   up to" in said
    assert set(methods) == {"GET"}
    assert len(methods) < 6


@pytest.mark.parametrize(
    ("asked", "says"),
    [("--help", "--coder-no-create-user"), ("--collect-only", "tests collected")],
)
def test_looking_at_the_suite_with_pytest_changes_nothing(
    counted: RunningServer, methods: list[str], tmp_path: Path, asked: str, says: str
) -> None:
    """Help, and what there is to test, are got with questions alone."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "coder_conformance.pytest_plugin", asked),
            *("--pyargs", "coder_conformance.suite", "-p", "no:cacheprovider", "-q"),
            *(f"--coder-url={counted.url}", "--coder-role=server", "--coder-no-keep"),
            f"--coder-reports={tmp_path}",
        ],
        env={**os.environ, **TOKENS},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert says in done.stdout
    assert set(methods) <= {"GET"}


def test_a_killed_run_is_swept_up_after(counted: RunningServer, tmp_path: Path) -> None:
    """What a killed run leaves is on record, and `sweep` deletes it."""
    process = subprocess.Popen(
        [*COMMAND, "run", "--role=server", f"--url={counted.url}", f"--reports={tmp_path}"],
        env={**os.environ, **TOKENS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while len(mine(counted)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = {workspace["name"] for workspace in mine(counted)}
    journal = next(tmp_path.glob("journal-*.jsonl"))
    noted = {json.loads(line)["name"] for line in journal.read_text(encoding="utf-8").splitlines()}
    assert left
    assert left <= noted
    assert OWNER.token not in journal.read_text(encoding="utf-8")
    status, said = run("sweep", f"--url={counted.url}", reports=tmp_path)
    assert status == 0, said
    assert f"{len(left)} workspace(s) and 0 user(s) of earlier runs deleted, 0 left." in said
    assert mine(counted) == []
    assert not journal.exists()


def test_a_sweep_touches_nobody_else(counted: RunningServer, tmp_path: Path) -> None:
    """A damaged journal, or one with another name, stops no sweep and costs no user the account."""
    entries = [{"name": "member", "kind": "user"}, {"kind": "user"}]
    lines = [json.dumps({"url": counted.url, **entry}).encode() for entry in entries]
    damaged = [b"null", b"[", b"\xff\xfe", *lines, b'{"url": "']
    (tmp_path / "journal-aaaaaa.jsonl").write_bytes(b"\n".join(damaged))
    (tmp_path / "journal-bbbbbb.jsonl").mkdir()
    status, said = run("sweep", f"--url={counted.url}", reports=tmp_path)
    assert (status, said) == (0, "0 workspace(s) and 0 user(s) of earlier runs deleted, 0 left.\n")
    headers = {"coder-session-token": str(MEMBER.token)}
    assert httpx2.get(f"{counted.url}/api/v2/users/me", headers=headers).status_code == 200


@pytest.mark.parametrize("times", [1, 1000])
def test_a_server_that_stumbles_is_cleaned_up_all_the_same(times: int, tmp_path: Path) -> None:
    """What fails once is tried again, and what fails for ever is told by name."""
    app = create_app(Settings(build_seconds=0.05))
    left = [times]

    def alter(answer: Answer) -> None:
        call = answer.call
        cleaning = call is not None and "cleanup" in call.headers.get("user-agent", "")
        if cleaning and answer.status == 200 and left[0] > 0:
            left[0] -= 1
            answer.json = {"latest_build": None}

    stumbling = Fault("stumbling", "", "", "GET", "/workspaces/[^/]+", alter)
    app.add_middleware(Faulty, fault=stumbling)
    for server in start_server(app):
        arguments = ["--role=server", "--only=ttl/reads-back", "--examples=2"]
        status, said = run("run", f"--url={server.url}", *arguments, reports=tmp_path)
        remaining = [workspace["id"] for workspace in mine(server)]
        assert left[0] < times
        assert status == (0 if times == 1 else 5), said
        assert bool(remaining) == (times > 1)
        assert all(f"Left on the server: {name}" in said for name in remaining), said


@pytest.fixture
def faulty() -> Generator[RunningServer]:
    """A server that loses one kind of update."""
    app = create_app(Settings(build_seconds=0.05))
    app.add_middleware(Faulty, fault=NOT_STORED)
    yield from start_server(app)


def judged_with(
    server: RunningServer, deviations: str, tmp_path: Path, *more: str
) -> tuple[int, str]:
    """Judge the time to stop with a list of known deviations."""
    file = tmp_path / "deviations.yaml"
    file.write_text(deviations, encoding="utf-8")
    only = ("--only=ttl/reads-back", "--only=ttl/limits")
    arguments = ("--role=server", *only, "--examples=2", f"--deviations={file}")
    return run("run", f"--url={server.url}", *arguments, *more, reports=tmp_path)


def test_known_deviations_do_not_fail_the_run(faulty: RunningServer, tmp_path: Path) -> None:
    """The failures are shown with their reasons, and the verdict says so."""
    entries = """
- {requirement: ttl/reads-back, reason: Fixed in the next release., ticket: OPS-1}
- requirement: ttl/limits
  operation: updateWorkspaceTtlById
  reason: Likewise.
  expires: 2999-01-01
"""
    status, said = judged_with(faulty, entries, tmp_path)
    assert status == 0, said
    assert "CONFORMANT WITH KNOWN DEVIATIONS" in said
    assert "Fixed in the next release. (OPS-1)" in said


def test_known_deviations_do_not_fail_a_part_of_a_run(
    faulty: RunningServer, tmp_path: Path
) -> None:
    """What an entry is about may be in another part."""
    entries = "- {requirement: ttl/reads-back, reason: x}\n- {requirement: ttl/limits, reason: x}"
    found = [judged_with(faulty, entries, tmp_path, f"--shard={n}/2") for n in (1, 2)]
    said = "".join(text for _, text in found)
    assert "CONFORMANT WITH KNOWN DEVIATIONS" in said
    assert "is unused" not in said
    assert "is gone" not in said
    assert {status for status, _ in found} <= {0, 3}, said  # 3 where nothing was left to judge


def test_a_run_can_stop_at_the_first_failure(faulty: RunningServer, tmp_path: Path) -> None:
    """The rest is said to be untested, the verdict is right, and nothing is left on the server."""
    arguments = ["--role=server", "--only=ttl/*", "--examples=2", "--max-failures=1"]
    status, said = run("run", f"--url={faulty.url}", *arguments, reports=tmp_path)
    assert status == 1, said
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "non-conformant"
    assert report["counts"]["failed"] == 1
    reasons = {r["reason"] for r in report["results"] if r["outcome"] == "skipped"}
    assert reasons == {"stopped after 1 failure"}
    judged = {r["requirement"] for r in report["results"]}
    assert judged == {name for name in catalogue.load() if name.startswith("ttl/")}
    assert "Not tested (stopped after 1 failure): " in said
    assert mine(faulty) == []


def test_known_deviations_stop_no_run(faulty: RunningServer, tmp_path: Path) -> None:
    """What is accepted is no failure to stop at."""
    entries = "- {requirement: ttl/reads-back, reason: x}\n- {requirement: ttl/limits, reason: x}"
    status, said = judged_with(faulty, entries, tmp_path, "--max-failures=1")
    assert status == 0, said
    assert "stopped" not in said


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ("- {requirement: ttl/limits, reason: x, expires: 2020-01-01}", "expired on 2020-01-01"),
        ("- {requirement: list/order, reason: x}", "is unused"),
        ("- {requirement: ttl/limits, reason: x}", "is gone: the requirement is met"),
    ],
)
def test_a_list_of_deviations_must_be_true(
    reference_server: RunningServer, tmp_path: Path, entries: str, says: str
) -> None:
    """An expired, an unused and an outdated entry make a healthy server's run fail."""
    status, said = judged_with(reference_server, entries, tmp_path)
    assert status == 1, said
    assert says in said


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ("requirement: x", "holds no list"),
        ("- {requirement: nothing/such, reason: x}", "which is no requirement"),
        ("- {requirement: ttl/limits}", "needs requirement and reason"),
        ("- {requirement: ttl/limits, reason: x, expires: soon}", "write a day such as"),
        ("- {requirement: ttl/limits, reason: x, operation: getUser}", "is not about"),
        ("- {requirement: ttl/limits, reason: }", "gives no reason"),
        ("- {requirement: [ttl/limits], reason: x}", "which is no requirement"),
        ("- {requirement: ttl/limits, reason: x, expires: 2030-02-30}", "not valid YAML"),
        ("[" * 3000, "not valid YAML"),
        ("[", "not valid YAML"),
    ],
)
def test_a_wrong_list_of_deviations_is_refused(
    reference_server: RunningServer, tmp_path: Path, entries: str, says: str
) -> None:
    """One sentence and exit status 2, before anything is sent."""
    status, said = judged_with(reference_server, entries, tmp_path)
    assert status == 2, said
    assert says in said
