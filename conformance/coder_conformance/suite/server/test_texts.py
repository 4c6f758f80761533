"""The words of refusals, which people read and which scripts have come to look for."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.agents import agents_of
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario

Json = dict[str, Any]
MARK = pytest.mark.requirement
ACL = "updateWorkspaceAcl"
USAGE = "postWorkspaceUsageById"
APPS = "must be one of [vscode jetbrains reconnecting-pty ssh]"


def says(answer: Exchange, message: str, *findings: tuple[str, str]) -> None:
    """Check that an error says just this, of these fields in this order."""
    entries = [{"field": field, "detail": detail} for field, detail in findings]
    expected: Json = {"message": message} | ({"validations": entries} if entries else {})
    if answer.json() != expected:
        raise Mismatch(repr(expected), answer.answer(), answer)


@MARK("acl/gate-message")
def test_gate(scenario: Scenario, stopped: Json) -> None:
    """It names what would have to be switched on."""
    needed = "requires enabling the 'workspace-sharing' experiment."
    answer = scenario.on(stopped, ACL, 403, body={})
    says(answer, f"Workspace Sharing functionality {needed}")


@MARK("acl/messages")
def test_acl(scenario: Scenario, stopped: Json) -> None:
    """Of a user, of a group, and of both, groups first."""
    unknown = str(uuid4())
    known = {"user": scenario.world.me["id"], "group": stopped["organization_id"]}
    wrong: dict[str, tuple[Json, str]] = {
        "owner": (known, 'role "owner" is not a valid workspace role'),
        "use": (dict.fromkeys(known, "x"), "x is not a valid UUID."),
        "admin": (dict.fromkeys(known, unknown), "{} with ID " + unknown + " does not exist"),
    }
    for role, (keys, told) in wrong.items():
        for kinds in (["group"], ["user"], ["user", "group"]):
            body = {f"{kind}_roles": {keys[kind]: role} for kind in kinds}
            findings = [(f"{kind}_roles", told.format(kind)) for kind in sorted(kinds)]
            answer = scenario.on(stopped, ACL, 400, body=body)
            says(answer, "Invalid request to update workspace ACL", *findings)


@MARK("usage/messages")
def test_usage(scenario: Scenario, running: Json) -> None:
    """Which half is missing, and which words there are."""
    agent = str(uuid4())  # the words are looked at before anybody looks for it
    for body, field, told in (
        ({"app_name": "ssh"}, "agent_id", "must be set when app_name is set"),
        ({"agent_id": agent}, "app_name", "must be set when agent_id is set"),
        ({"agent_id": agent, "app_name": "x"}, "app_name", APPS),
    ):
        answer = scenario.on(running, USAGE, 400, body=body)
        says(answer, "Invalid request", (field, told))


REASONS = {
    "agent is not running",
    "agent is taking too long to connect",
    "agent has lost connection",
    "agent startup script exited with an error",
    "agent is shutting down",
}


@MARK("lifecycle/health-reasons")
def test_health_reasons(scenario: Scenario, some: Json) -> None:
    """Of whatever agents there are."""
    for workspace in (some, *scenario.world.mine()):
        for agent in agents_of(workspace):
            reason = agent["health"].get("reason")
            if reason is not None and reason not in REASONS:
                raise Mismatch(f"one of {sorted(REASONS)}", reason, scenario.wire.last)
