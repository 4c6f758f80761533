"""Runs as users start them: exit statuses, clean-up, and what bad input gets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coder_conformance.reference.pytest_plugin import RunningServer
from coder_conformance.reference.seed.default import OWNER

COMMAND = [sys.executable, "-m", "coder_conformance"]


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start the command."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run the command; its exit status, output and error output."""
    process = start(*arguments, **environment)
    output, error = process.communicate(timeout=120)
    return process.returncode, output, error


def mine(server: RunningServer) -> list[Any]:
    """The suite's workspaces that are left on a server."""
    answer = httpx2.get(
        f"{server.url}/api/v2/workspaces",
        params={"q": "name:cf-"},
        headers={"coder-session-token": OWNER.token},
    )
    found: list[Any] = answer.json()["workspaces"]
    return found


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["--url", "nowhere"], {}, "'nowhere' is not the address of a server"),
        (["--url", "http://127.0.0.1:1", "--token-env", "NO_SUCH"], {}, "NO_SUCH is empty"),
        (["--operation", "listWorkspace"], {}, "'listWorkspace' is no operation"),
        (["--examples", "0"], {}, "0 is not positive"),
        (["--max-failures", "0"], {}, "0 is not positive"),
        (["--seed", "x"], {}, "'x' is not a whole number"),
        (["--role", "judge"], {}, "invalid choice"),
        (["--client", "nothing:here"], {}, "'nothing:here' cannot be loaded"),
        (["--only", "nothing/*"], {}, "no requirement matches 'nothing/*'"),
    ],
)
def test_bad_arguments_end_in_a_sentence(
    arguments: list[str], environment: dict[str, str], says: str
) -> None:
    """Exit status 2, what was wrong, no traceback."""
    status, _, error = run("run", *arguments, **environment)
    assert status == 2
    assert says in error
    assert "Traceback" not in error


def test_a_server_that_is_not_there_gives_no_verdict(tmp_path: Path) -> None:
    """Exit status 3, the reason, and reports that say so too."""
    status, output, error = run(
        "run",
        "--role=server",
        "--url=http://127.0.0.1:1",
        f"--reports={tmp_path}",
        CODER_SESSION_TOKEN=OWNER.token,
    )
    assert status == 3
    assert "INCONCLUSIVE" in output
    assert "got no answer" in output
    assert "Traceback" not in output + error
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "inconclusive"


def test_a_wrong_token_gives_no_verdict(reference_server: RunningServer, tmp_path: Path) -> None:
    """A token that the server refuses is said to be that, and is not shown."""
    wrong = "abcdefghij-0123456789abcdefABCDEF"
    status, output, error = run(
        "run",
        "--role=server",
        f"--url={reference_server.url}",
        f"--reports={tmp_path}",
        CODER_SESSION_TOKEN=wrong,
    )
    assert status == 3
    assert "401" in output
    assert wrong not in output + error


def test_what_cannot_be_judged_is_accounted_for(tmp_path: Path) -> None:
    """The verdict does not depend on it, and every report says which it is and why."""
    asked = [f"--only={name}" for name in ("rename/same-name", "rename/not-*", "statuses/prebuilt")]
    status, output, _ = run("run", "--role=server", *asked, f"--reports={tmp_path}")
    assert status == 0
    assert "CONFORMANT: 1 passed, 0 failed, 0 skipped, 0 error, 4 untestable, 1 not app" in output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    kinds = {(entry["requirement"], entry["kind"]) for entry in report["unjudged"]}
    assert kinds == {
        ("statuses/prebuilt", "untestable"),
        ("rename/not-allowed", "not applicable"),
    }
    for name in ("report.md", "report.html", "junit.xml"):
        content = (tmp_path / name).read_text(encoding="utf-8")
        assert "prebuilt workspaces need a licence" in content, name
        assert "about servers with no-renames" in content, name


def test_old_servers_are_not_asked_for_what_is_newer(tmp_path: Path) -> None:
    """What they are too old for is accounted for, with the version that it came with."""
    program = (
        "from coder_conformance import cli, world\n"
        "discover = world.World.discover\n"
        "world.World.discover = lambda self: discover(self) and 'v2.24.0'\n"
        "raise SystemExit(cli.main())\n"
    )
    asked = ["--role=server", "--only=acl/shares", "--only=routes/malformed-identifier"]
    done = subprocess.run(
        [sys.executable, "-c", program, "run", *asked, f"--reports={tmp_path}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "(about servers from v2.25.0 on): acl/shares, routes/malformed" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["server_version"] == "v2.24.0"
    assert "updateWorkspaceAcl" not in {result["operation"] for result in report["results"]}


def test_reports_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    """The results are shown all the same, and the exit status is 2."""
    (tmp_path / "report.md").mkdir()
    status, output, error = run(
        "run",
        "--role=client",
        "--operation=favoriteWorkspaceById",
        "--examples=1",
        f"--reports={tmp_path}",
    )
    assert status == 2
    assert "CONFORMANT" in output
    assert "cannot be written" in error


def test_a_run_does_not_begin_where_it_could_not_report(tmp_path: Path) -> None:
    """A folder for reports that is none is told before anything is created."""
    (tmp_path / "file").write_text("")
    status, output, error = run("run", "--role=server", f"--reports={tmp_path / 'file'}")
    assert (status, output) == (2, "")
    assert "no reports can be written to" in error


@pytest.mark.parametrize("lines", [0, 1, 15])
def test_a_reader_that_goes_away_ends_no_run(
    reference_server: RunningServer, tmp_path: Path, lines: int
) -> None:
    """The exit status is that of the verdict, and the reports are written."""
    process = subprocess.Popen(
        [
            *COMMAND,
            "run",
            "--role=server",
            "--only=ttl/*",
            "--max-failures=1",
            "--no-create-user",
            f"--url={reference_server.url}",
            f"--reports={tmp_path}",
        ],
        env={**os.environ, "CODER_SESSION_TOKEN": OWNER.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(lines):
        process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == json.loads((tmp_path / "report.json").read_text())["exit_status"]
    assert mine(reference_server) == []


def test_an_empty_address_is_not_another_server(tmp_path: Path) -> None:
    """What was meant to be the address of a server is not taken for none."""
    for arguments, environment in (
        (["--url="], {}),
        ([], {"CODER_CONFORMANCE_URL": ""}),
    ):
        status, _, error = run(
            "run", "--role=server", f"--reports={tmp_path}", *arguments, **environment
        )
        assert status == 2
        assert "is not the address of a server" in error


def test_what_a_run_creates_it_deletes(reference_server: RunningServer, tmp_path: Path) -> None:
    """After a whole run nothing of it is left, and no report shows a token."""
    status, output, error = run(
        "run",
        "--role=server",
        f"--url={reference_server.url}",
        "--operation=updateWorkspaceAutomaticUpdatesById",
        "--examples=3",
        "--no-create-user",
        f"--reports={tmp_path}",
        CODER_SESSION_TOKEN=OWNER.token,
    )
    assert status == 4, output + error
    assert "PARTIAL" in output  # no second user, so isolation is not tested
    assert mine(reference_server) == []
    reports = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert OWNER.token not in reports + output + error


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cleans_up_too(
    reference_server: RunningServer, tmp_path: Path, by: signal.Signals
) -> None:
    """A run that is told to end deletes what it created, and says that it is no verdict."""
    process = start(
        "run",
        "--role=server",
        f"--url={reference_server.url}",
        f"--reports={tmp_path}",
        CODER_SESSION_TOKEN=OWNER.token,
    )
    deadline = time.monotonic() + 30
    while len(mine(reference_server)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert mine(reference_server)
    process.send_signal(by)
    output, error = process.communicate(timeout=60)
    assert process.returncode == 3, output + error
    assert "INCONCLUSIVE (the run was interrupted)" in output
    assert mine(reference_server) == []


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_verdict_that_was_said_stands(
    reference_server: RunningServer, tmp_path: Path, by: signal.Signals
) -> None:
    """Whoever ends a run that has just written its reports gets no traceback, and its status."""
    process = start(
        "run",
        "--role=server",
        "--only=ttl/reads-back",
        f"--url={reference_server.url}",
        f"--reports={tmp_path}",
        CODER_SESSION_TOKEN=OWNER.token,
    )
    assert process.stdout is not None
    said = ""
    while "CONFORMANT" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    while process.poll() is None:  # until the interpreter itself has come to its end
        process.send_signal(by)
        time.sleep(0.001)
    output, error = process.communicate(timeout=60)
    assert "Traceback" not in output + error
    assert process.returncode == 0, output + error
    assert (tmp_path / "report.html").exists()


def test_the_list_of_requirements() -> None:
    """The catalogue can be read and narrowed down by everything that narrows down a run."""
    status, output, _ = run("list", "--operation", "updateWorkspaceTtlById", "--role", "server")
    assert status == 0
    assert "ttl/limits  [server, MUST, updateWorkspaceTtlById]" in output
    assert "extend/limits" not in output
    assert "client/" not in output
    _, output, _ = run("list", "--only=ttl/*", "--level=MUST", "--profile=readonly")
    assert output == "0 requirements\n"  # all of them change something
    _, output, _ = run("list", "--only=list/*", "--level=SHOULD", "--profile=readonly")
    assert {line.split("/")[0] for line in output.splitlines()[:-1] if line[0] != " "} == {"list"}
    assert "SHOULD" in output
    assert "MUST" not in output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--operation=ttl",), "'ttl' is no operation of the scope; use one of"),
        (("--only=nothing/*",), "no requirement matches 'nothing/*'"),
        (("--level=PERHAPS",), "invalid choice: 'PERHAPS'"),
    ],
)
def test_what_the_list_cannot_be_narrowed_down_to(arguments: tuple[str, ...], says: str) -> None:
    """A name that does not exist is said to be none, instead of giving an empty list."""
    status, output, error = run("list", *arguments)
    assert (status, output) == (2, "")
    assert says in error


@pytest.mark.parametrize("parallel", [(), ("-n2", "--dist=loadfile")], ids=["one", "two"])
def test_the_suite_is_plain_pytest_too(
    reference_server: RunningServer, tmp_path: Path, parallel: tuple[str, ...]
) -> None:
    """With its plug-in the suite runs under pytest, alone and in parallel, and cleans up."""
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "coder_conformance.pytest_plugin", "-q",
            "--pyargs", "coder_conformance.suite", "-p", "no:cacheprovider", *parallel,
            f"--coder-url={reference_server.url}", "--coder-role=server", "--coder-examples=2",
            "--coder-only=ttl/*", "--coder-only=list/order", f"--coder-reports={tmp_path}",
        ],
        env={**os.environ, "CODER_SESSION_TOKEN": OWNER.token},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert mine(reference_server) == []
