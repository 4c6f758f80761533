"""What new workspaces are like, by either operation that creates them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.shared import EMPTY, UNKNOWN_PARAMETER, Shared
from coder_conformance.suite.server.births import (
    birth_of,
    births_of,
    born,
    furnished_birth_of,
    plain_birth_of,
    showed,
    well,
)
from coder_conformance.suite.server.scenario import Scenario
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
GET = "getWorkspaceMetadataById"


@MARK("create/answer")
def test_answer(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """What only later answers know is empty."""
    answer = birth_of(scenario, shared, operation.id).answer
    workspace = answer.json()
    build = workspace["latest_build"]
    seen = {
        "template_version_name": build["template_version_name"],
        "resources": build["resources"],
        "queue_position": build["job"]["queue_position"],
        "queue_size": build["job"]["queue_size"],
        "latest_app_status": workspace["latest_app_status"],
    }
    empty: Json = dict(zip(seen, ("", [], 0, 0, None), strict=True))
    if seen != empty:
        raise Mismatch(repr(empty), repr(seen), answer)


@MARK("create/times")
def test_times(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """Made now, and used now."""
    birth = birth_of(scenario, shared, operation.id)
    answer, workspace = birth.answer, birth.workspace
    made = datetime.fromisoformat(workspace["created_at"])
    if abs((birth.moment - made).total_seconds()) > 300:
        raise Mismatch("created_at about now", workspace["created_at"], answer)
    used = datetime.fromisoformat(workspace["last_used_at"])
    if abs((used - made).total_seconds()) > 1:
        expected = f"last_used_at = {workspace['created_at']}"
        raise Mismatch(expected, workspace["last_used_at"], answer)


@MARK("create/initiator")
def test_initiator(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """Whoever asked."""
    answer = birth_of(scenario, shared, operation.id).answer
    build, me = answer.json()["latest_build"], scenario.world.me
    seen = (build["initiator_id"], build["initiator_name"], build["reason"])
    expected = (me["id"], me["username"], "initiator")
    if seen != expected:
        raise Mismatch(repr(expected), repr(seen), answer)


@MARK("create/defaults")
def test_defaults(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """Nothing that nobody asked for."""
    ttl = scenario.world.template["default_ttl_ms"] or None
    showed(
        scenario,
        plain_birth_of(scenario, shared, operation.id),
        autostart_schedule=None,
        next_start_at=None,
        automatic_updates="never",
        favorite=False,
        dormant_at=None,
        deleting_at=None,
        ttl_ms=ttl,
    )


@MARK("create/empty-settings")
def test_empty_settings(scenario: Scenario, shared: Shared) -> None:
    """Empty is as good as absent."""
    birth = born(scenario, shared, "grave", *EMPTY)
    ttl = scenario.world.template["default_ttl_ms"] or None
    none: Json = {"autostart_schedule": None, "automatic_updates": "never", "ttl_ms": ttl}
    showed(scenario, birth, at_once=True, **none)


@MARK("create/starts-pending")
def test_create_starts_pending(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """The answer shows build 1, a pending start; later it has run and shows what it made."""
    birth = birth_of(scenario, shared, operation.id)
    build = birth.workspace["latest_build"]
    seen = (build["build_number"], build["transition"], build["status"], build["reason"])
    if seen != (1, "start", "pending", "initiator"):
        raise Mismatch("build 1: start, pending, initiator", repr(seen), birth.answer)
    settled = birth.settled[0]
    first, last = build, scenario.context.expect(GET, settled, 200).json()["latest_build"]
    well(last)
    if (last["id"], last["status"]) != (first["id"], "running"):
        raise Mismatch("the same build, running", f"{last['id']} {last['status']}", settled)
    if not last["template_version_name"]:
        raise Mismatch("the name of the template version", "an empty one", settled)
    for name in ("initiator_id", "workspace_id", "template_version_id"):
        if first[name] != last[name]:
            raise Mismatch(f"{name} = {first[name]}", last[name], settled)


@MARK("create/unknown-parameters")
def test_unknown_parameters(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """Not an error, and not kept."""
    birth = furnished_birth_of(scenario, shared, operation.id, "rich_parameter_values")
    made = birth.workspace
    query = {"q": f'param:"{UNKNOWN_PARAMETER}" id:{made["id"]}'}
    page = scenario.call("listWorkspaces", {}, 200, query=query)
    if page.json()["count"]:
        raise Mismatch("a parameter that was dropped", page.answer(), page)


@MARK("create/is-shown-at-once")
def test_is_shown_at_once(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """Before its build is done."""
    for birth in births_of(scenario, shared, operation.id):
        names = ("id", "name", "created_at", "owner_id", "template_id")
        showed(scenario, birth, at_once=True, **{name: birth.workspace[name] for name in names})


@MARK("create/identifiers-are-new")
def test_identifiers_are_new(scenario: Scenario, shared: Shared) -> None:
    """Nothing is shared by any two workspaces."""
    for role in ("stopped", "running", "room"):
        shared.birth(role)
    made = [birth.workspace for birth in scenario.world.births if birth.accepted]
    ids = [(w["id"], w["latest_build"]["id"], w["latest_build"]["job"]["id"]) for w in made]
    for column in zip(*ids, strict=True):
        if len(set(column)) != len(column):
            raise Mismatch("different identifiers", repr(column), scenario.wire.last)


@MARK("create/active-version")
def test_active_version(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """As long as nobody makes another version the active one meanwhile."""
    known = scenario.world.template["active_version_id"]
    for birth in births_of(scenario, shared, operation.id):
        made = birth.workspace
        version = made["latest_build"]["template_version_id"]
        if (version, made["outdated"]) == (made["template_active_version_id"], False):
            continue
        if made["template_active_version_id"] != known:
            raise CannotJudgeError("the template got another active version meanwhile")
        seen = f"the version {version}, outdated {made['outdated']}"
        raise Mismatch(f"the version {known}, outdated False", seen, birth.answer)


@MARK("create/first-deadline")
def test_first_deadline(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """The completion of its build and the time to stop, which may be the template's."""
    furnished_birth_of(scenario, shared, operation.id)  # one that was given a time to stop
    for birth in births_of(scenario, shared, operation.id):
        if not birth.settled:
            continue
        answer = scenario.context.expect(GET, birth.settled[0], 200)
        workspace = answer.json()
        build = workspace["latest_build"]
        well(build)
        shown, most = (_moment(build[name]) for name in ("deadline", "max_deadline"))
        start, ttl = _moment(workspace["next_start_at"]), workspace.get("ttl_ms")
        if not ttl:
            if shown != most:
                raise Mismatch("no deadline without a time to stop", str(shown), answer)
            continue
        expected = datetime.fromisoformat(build["job"]["completed_at"])
        expected += timedelta(milliseconds=ttl)
        if start is not None and expected > start - timedelta(minutes=1):
            continue  # servers move a deadline that would cross the next start
        expected = expected if most is None else min(expected, most)
        if shown is None or abs((shown - expected).total_seconds()) > 30:
            raise Mismatch(f"the deadline {expected}", str(build["deadline"]), answer)


@MARK("list/q-passing-status")
def test_passing_status(scenario: Scenario, shared: Shared) -> None:
    """As long as it has it; quick builds may leave nothing to judge."""
    shared.cycle()
    shared.burial()
    for sought in scenario.world.sought.values():
        answer = scenario.context.expect("listWorkspaces", sought.answer, 200)
        if [w["id"] for w in answer.json()["workspaces"]] != [sought.workspace]:
            expected = f"status:{sought.status} to find {sought.workspace}, which shows it"
            raise Mismatch(expected, answer.answer(), answer)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
