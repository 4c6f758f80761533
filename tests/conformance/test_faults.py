"""The suite can fail: each of these servers and clients is wrong in one way, and is found out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import coder_workspaces
from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import start_server
from coder_conformance.reference.seed.default import MEMBER, OWNER

from .faulty import Answer, Fault, Faulty, on_success, status

Json = dict[str, Any]
WORKSPACE = r"/workspaces/[^/]+"


def judge(reports: Path, *arguments: str, **environment: str) -> Json:
    """Run the suite as a user would; its JSON report."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "coder_conformance",
            "run",
            "--reports",
            str(reports),
            "--examples",
            "5",
            *arguments,
        ],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    report: Json = json.loads((reports / "report.json").read_text(encoding="utf-8"))
    assert done.returncode == report["exit_status"] == 1, report["sentence"]
    return report


def broken(report: Json) -> set[str]:
    """Ids of the requirements that were found broken."""
    return {r["requirement"] for r in report["results"] if r["outcome"] == "failed"}


def _drop_deadline(value: Json) -> None:
    del value["latest_build"]["deadline"]


def _drop_schedule(value: Json) -> None:
    value.pop("autostart_schedule", None)


def _numeric_id(value: Json) -> None:
    value["template_id"] = 7


def _unknown_status(value: Json) -> None:
    value["latest_build"]["status"] = "sleeping"


def _one_less(value: Json) -> None:
    value["count"] = max(0, value["count"] - 1)


def _reversed(value: Json) -> None:
    value["workspaces"].reverse()


def _timings_of_another_job(value: Json) -> None:
    for timing in value["provisioner_timings"]:
        timing["job_id"] = "5f3a1c52-6f43-4a39-9d5a-0d6a53f0f001"


def _mismatch(value: Json) -> None:
    value["parameter_mismatch"] = not value["parameter_mismatch"]


def _other_message(value: Json) -> None:
    value["message"] = "Done."


def _no_request_id(answer: Answer) -> None:
    answer.headers.pop("x-coder-request-id", None)


SERVER_FAULTS = [
    Fault(
        "a-required-field-is-missing",
        "getWorkspaceMetadataById",
        "contract/response-schema",
        "GET",
        WORKSPACE,
        on_success(_drop_deadline),
    ),
    Fault(
        "an-optional-field-is-missing",
        "getWorkspaceMetadataByUserAndWorkspaceName",
        "autostart/reads-back",
        "GET",
        r"/users/[^/]+/workspace/[^/]+",
        on_success(_drop_schedule),
    ),
    Fault(
        "a-field-has-the-wrong-type",
        "createUserWorkspace",
        "contract/response-schema",
        "POST",
        r"/users/[^/]+/workspaces",
        on_success(_numeric_id),
    ),
    Fault(
        "an-enum-has-an-unknown-value",
        "updateWorkspaceDormancyStatusById",
        "dormancy/takes-effect",
        "PUT",
        f"{WORKSPACE}/dormant",
        on_success(_unknown_status),
    ),
    Fault(
        "create-is-200",
        "createUserWorkspaceByOrganization",
        "contract/documented-status",
        "POST",
        r"/organizations/.*",
        status(201, 200),
    ),
    Fault(
        "no-change-is-204",
        "updateWorkspaceDormancyStatusById",
        "dormancy/no-change",
        "PUT",
        f"{WORKSPACE}/dormant",
        status(304, 204),
    ),
    Fault(
        "unknown-is-410",
        "getWorkspaceTimingsById",
        "routes/unknown-workspace",
        "GET",
        f"{WORKSPACE}/timings",
        status(404, 410),
    ),
    Fault(
        "refused-is-500",
        "updateWorkspaceMetadataById",
        "contract/no-server-error",
        "PATCH",
        WORKSPACE,
        status(400, 500),
    ),
    Fault(
        "a-ttl-is-not-stored",
        "updateWorkspaceTtlById",
        "ttl/reads-back",
        "PUT",
        f"{WORKSPACE}/ttl",
        drop=True,
    ),
    Fault(
        "a-schedule-is-not-stored",
        "updateWorkspaceAutostartScheduleById",
        "autostart/reads-back",
        "PUT",
        f"{WORKSPACE}/autostart",
        drop=True,
    ),
    Fault(
        "a-mode-is-not-stored",
        "updateWorkspaceAutomaticUpdatesById",
        "autoupdates/reads-back",
        "PUT",
        f"{WORKSPACE}/autoupdates",
        drop=True,
    ),
    Fault(
        "a-mark-is-not-stored",
        "favoriteWorkspaceById",
        "favorite/takes-effect",
        "PUT",
        f"{WORKSPACE}/favorite",
        drop=True,
    ),
    Fault(
        "a-mark-is-not-removed",
        "unfavoriteWorkspaceById",
        "unfavorite/takes-effect",
        "DELETE",
        f"{WORKSPACE}/favorite",
        drop=True,
    ),
    Fault(
        "access-is-not-stored",
        "updateWorkspaceAcl",
        "acl/shares",
        "PATCH",
        f"{WORKSPACE}/acl",
        drop=True,
    ),
    Fault(
        "count-is-one-less",
        "listWorkspaces",
        "list/pages",
        "GET",
        "/workspaces",
        on_success(_one_less),
    ),
    Fault(
        "the-order-is-reversed",
        "listWorkspaces",
        "list/order",
        "GET",
        "/workspaces",
        on_success(_reversed),
    ),
    Fault(
        "timings-of-another-job",
        "getWorkspaceTimingsById",
        "timings/of-the-latest-build",
        "GET",
        f"{WORKSPACE}/timings",
        on_success(_timings_of_another_job),
    ),
    Fault(
        "a-mismatch-that-is-none",
        "resolveWorkspaceAutostartById",
        "resolve-autostart/no-mismatch-without-updates",
        "GET",
        f"{WORKSPACE}/resolve-autostart",
        on_success(_mismatch),
    ),
    Fault(
        "the-deadline-is-not-named",
        "extendWorkspaceDeadlineById",
        "extend/moves-the-deadline",
        "PUT",
        f"{WORKSPACE}/extend",
        on_success(_other_message),
    ),
    Fault(
        "a-header-is-missing",
        "postWorkspaceUsageById",
        "contract/headers",
        "POST",
        f"{WORKSPACE}/usage",
        _no_request_id,
    ),
]


@pytest.mark.parametrize("fault", SERVER_FAULTS, ids=lambda fault: fault.id)
def test_a_faulty_server_is_found_out(fault: Fault, tmp_path: Path) -> None:
    """The verdict is red, and names the requirement that the server breaks."""
    settings = Settings(
        build_seconds=0.05,
        allow_renames=True,
        experiments=frozenset({"workspace-sharing", "workspace-usage"}),
    )
    app = create_app(settings)
    app.add_middleware(Faulty, fault=fault)
    # The optional field goes missing in one operation and is noticed where it is set.
    operations = {fault.operation}
    if fault.requirement.startswith("autostart/"):
        operations = {"updateWorkspaceAutostartScheduleById"}
    for server in start_server(app):
        report = judge(
            tmp_path,
            "--role=server",
            f"--url={server.url}",
            *(f"--operation={name}" for name in operations),
            CODER_SESSION_TOKEN=OWNER.token,
            CODER_OTHER_TOKEN=MEMBER.token,
        )
    assert fault.requirement in broken(report)
    assert report["leftovers"] == []


CLIENT_FAULTS = [
    (
        "a-parameter-is-forgotten",
        "api/workspaces/list_workspaces.py",
        '"offset"',
        '"start"',
        "client/valid-requests",
    ),
    (
        "the-path-is-wrong",
        "api/workspaces/update_workspace_ttl_by_id.py",
        "/ttl",
        "/autostop",
        "client/valid-requests",
    ),
    (
        "the-method-is-wrong",
        "api/workspaces/update_workspace_acl.py",
        'method="PATCH"',
        'method="PUT"',
        "client/valid-requests",
    ),
    (
        "a-success-is-taken-for-none",
        "api/workspaces/get_workspace_timings_by_id.py",
        "200:",
        "204:",
        "client/decodes-answers",
    ),
    (
        "no-change-is-an-error",
        "api/workspaces/update_workspace_dormancy_status_by_id.py",
        "304:",
        "305:",
        "client/decodes-answers",
    ),
    (
        "what-is-new-is-lost",
        "_model.py",
        'extra="allow"',
        'extra="ignore"',
        "client/keeps-what-is-new",
    ),
    (
        "the-token-is-not-sent",
        "_config.py",
        '"Coder-Session-Token"',
        '"Coder-Token"',
        "client/hides-the-token",
    ),
]


@pytest.mark.parametrize(
    ("file", "was", "becomes", "requirement"),
    [fault[1:] for fault in CLIENT_FAULTS],
    ids=[fault[0] for fault in CLIENT_FAULTS],
)
def test_a_faulty_client_is_found_out(
    tmp_path: Path, file: str, was: str, becomes: str, requirement: str
) -> None:
    """A change of one word in a copy of the client turns the verdict red."""
    copy = tmp_path / "generated" / "coder_workspaces"
    shutil.copytree(Path(coder_workspaces.__file__).parent, copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert was in text
    (copy / file).write_text(text.replace(was, becomes), encoding="utf-8")
    operation = "getWorkspaceMetadataById"
    if file.startswith("api/"):
        head, *rest = Path(file).stem.split("_")
        operation = head + "".join(part.capitalize() for part in rest)
    report = judge(
        tmp_path, "--role=client", f"--operation={operation}", PYTHONPATH=str(copy.parent)
    )
    assert requirement in broken(report)


def test_the_stock_client_is_found_out(tmp_path: Path) -> None:
    """What the generator makes without our templates fails where it is known to be wrong."""
    root = Path(__file__).resolve().parents[2]
    report = judge(
        tmp_path,
        "--role=client",
        "--client=tests.conformance.stock_client:Stock",
        "--operation=getWorkspaceMetadataById",
        "--operation=updateWorkspaceTtlById",
        "--operation=watchWorkspaceById",
        PYTHONPATH=str(root),
    )
    assert broken(report) >= {
        "client/raises-documented-errors",
        "client/survives-odd-answers",
        "client/hides-the-token",
        "client/streams-events",
    }
