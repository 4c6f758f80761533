"""Creating workspaces, by either operation: what is refused, and what a new workspace is like."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from coder_conformance import formats
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.wire import Wire
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
BY_ORGANIZATION = "createUserWorkspaceByOrganization"
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
LONGEST = 2_592_000_000
BAD_NAMES = ("", "-", "-x", "x-", "x--y", "x_y", "x y", "x.y", "ü", "x\n", " x", "x/y", "😀")


def ask(scenario: Scenario, operation_id: str, *statuses: int, **fields: Any) -> Exchange:
    """Ask for a workspace with these fields on top of the usual ones; None leaves one out."""
    template = scenario.world.template
    path = {"user": "me", "organization": template["organization_id"]}
    body = {"template_id": template["id"], **fields}
    body = {name: value for name, value in body.items() if value is not None}
    answer = scenario.call(operation_id, path, *statuses, body=body)
    if answer.status == 201:
        scenario.world.created.append(answer.json()["id"])
    return answer


def refuses(scenario: Scenario, operation: Operation, *fields: str, **given: Any) -> Exchange:
    """The request is refused for these fields, and nothing was made."""
    name = given.setdefault("name", scenario.world.name())
    answer = ask(scenario, operation.id, 400, **given)
    scenario.refused(answer, *fields)
    if name and "/" not in name and "\0" not in name:
        scenario.call(BY_NAME, {"user": "me", "workspacename": name}, 404)
    return answer


@MARK("create/answer")
def test_answer(scenario: Scenario) -> None:
    """What only later answers know is empty."""
    answer = scenario.created_answer("createUserWorkspace")
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
def test_times(scenario: Scenario) -> None:
    """Made now, and used now."""
    answer = scenario.created_answer("createUserWorkspace")
    workspace = answer.json()
    made = datetime.fromisoformat(workspace["created_at"])
    if abs((datetime.now(UTC) - made).total_seconds()) > 300:
        raise Mismatch("created_at about now", workspace["created_at"], answer)
    used = datetime.fromisoformat(workspace["last_used_at"])
    if abs((used - made).total_seconds()) > 1:
        expected = f"last_used_at = {workspace['created_at']}"
        raise Mismatch(expected, workspace["last_used_at"], answer)


@MARK("create/initiator")
def test_initiator(scenario: Scenario) -> None:
    """Whoever asked."""
    answer = scenario.created_answer("createUserWorkspace")
    build, me = answer.json()["latest_build"], scenario.world.me
    seen = (build["initiator_id"], build["initiator_name"], build["reason"])
    expected = (me["id"], me["username"], "initiator")
    if seen != expected:
        raise Mismatch(repr(expected), repr(seen), answer)


@MARK("create/defaults")
def test_defaults(scenario: Scenario) -> None:
    """Nothing that nobody asked for."""
    made = scenario.world.create()
    ttl = scenario.world.template["default_ttl_ms"] or None
    scenario.shows(
        made,
        autostart_schedule=None,
        next_start_at=None,
        automatic_updates="never",
        favorite=False,
        dormant_at=None,
        deleting_at=None,
        ttl_ms=ttl,
    )


@MARK("create/empty-settings")
def test_empty_settings(scenario: Scenario) -> None:
    """Empty is as good as absent."""
    name = scenario.world.name()
    empty = {"autostart_schedule": "", "ttl_ms": 0, "automatic_updates": ""}
    made = ask(scenario, "createUserWorkspace", 201, name=name, **empty).json()
    ttl = scenario.world.template["default_ttl_ms"] or None
    scenario.shows(made, autostart_schedule=None, automatic_updates="never", ttl_ms=ttl)


@MARK("create/ttl-range")
def test_ttl_range(scenario: Scenario, operation: Operation) -> None:
    """One below and one above, and far away."""
    for ttl in (1, 59_999, -1, -60_000, LONGEST + 60_000, 2**53, -(2**53)):
        refuses(scenario, operation, "ttl_ms", ttl_ms=ttl)


@MARK("create/bad-schedule")
def test_bad_schedule(scenario: Scenario, operation: Operation) -> None:
    """The field is called schedule in the refusal, not autostart_schedule."""
    for schedule in formats.BAD_SCHEDULES:
        refuses(scenario, operation, "schedule", autostart_schedule=schedule)


@MARK("create/bad-automatic-updates")
def test_bad_updates(scenario: Scenario, operation: Operation) -> None:
    """Two words only."""
    for value in ("Always", "NEVER", "sometimes", " never", "true"):
        refuses(scenario, operation, "automatic_updates", automatic_updates=value)


@MARK("create/unknown-template")
def test_unknown_template(scenario: Scenario, operation: Operation) -> None:
    """There is none of that identifier."""
    refuses(scenario, operation, "template_id", template_id=str(uuid4()))


@MARK("create/unknown-version")
def test_unknown_version(scenario: Scenario, operation: Operation) -> None:
    """There is none of that identifier; a template's own is none either."""
    for version in (str(uuid4()), scenario.world.template["id"]):
        given = {"template_id": None, "template_version_id": version}
        refuses(scenario, operation, "template_version_id", **given)


@MARK("create/malformed-template")
def test_malformed_template(scenario: Scenario, operation: Operation) -> None:
    """What is no UUID cannot be decoded."""
    for text in ("", "x", scenario.world.template["name"]):
        refuses(scenario, operation, template_id=text)
        refuses(scenario, operation, template_id=None, template_version_id=text)


@MARK("create/zero-uuid-is-absent")
def test_zero_uuid(scenario: Scenario, operation: Operation, running: Json) -> None:
    """All zeros mean none; beside a real one they do not matter."""
    zero = str(UUID(int=0))
    both = ("template_id", "template_version_id")
    refuses(scenario, operation, *both, template_id=zero)
    refuses(scenario, operation, *both, template_id=zero, template_version_id=zero)
    ask(scenario, operation.id, 409, name=running["name"], template_version_id=zero)


@MARK("create/name-limits")
def test_name_limits(scenario: Scenario, operation: Operation) -> None:
    """32 pass, with an unknown template refused for that alone; 33 and all else do not."""
    alphabet = random.Random(scenario.context.settings.seed)  # noqa: S311 -- names, not secrets
    for length in (1, 2, 31, 32):
        name = "".join(alphabet.choices("abcXYZ019", k=length))
        refuses(scenario, operation, "template_id", name=name, template_id=str(uuid4()))
    refuses(scenario, operation, "template_id", name="a-b-C-9", template_id=str(uuid4()))
    for bad in (*BAD_NAMES, "x" * 33, "x" * 64, "x" * 10_000, "a" * 31 + "ü"):
        scenario.refused(ask(scenario, operation.id, 400, name=bad), "name")
    scenario.refused(ask(scenario, operation.id, 400), "name")


@MARK("create/reserved-names")
def test_reserved_names(scenario: Scenario, operation: Operation) -> None:
    """Two words that mean something else in addresses; in another case they are ordinary."""
    for name in ("new", "create"):
        scenario.refused(ask(scenario, operation.id, 400, name=name), "name")
    for name in ("New", "CREATE", "news", "create1"):
        refuses(scenario, operation, "template_id", name=name, template_id=str(uuid4()))


@MARK("create/all-bad-fields-named")
def test_all_named(scenario: Scenario, operation: Operation) -> None:
    """Whoever fills in a form wants to know everything at once."""
    both = ("template_id", "template_version_id")
    for name in ("-", "", "x" * 33):
        answer = ask(scenario, operation.id, 400, name=name, template_id=None)
        scenario.refused(answer, *both, "name")
        if len(answer.json()["validations"]) != 3:
            raise Mismatch("three validations", answer.answer(), answer)


@MARK("envelope/validation-errors")
def test_validation_errors(scenario: Scenario, operation: Operation) -> None:
    """The rule that was broken and the value, for each field; no detail."""
    answer = ask(scenario, operation.id, 400, name="-x")
    body = answer.json()
    if body["message"] != "Validation failed." or "detail" in body:
        raise Mismatch("'Validation failed.' without a detail", answer.answer(), answer)
    said = body["validations"][0]["detail"]
    expected = 'Validation failed for tag "workspace_name" with value: "-x"'
    if said != expected:
        raise Mismatch(expected, said, answer)


@MARK("create/validation-comes-first")
def test_validation_first(scenario: Scenario, operation: Operation) -> None:
    """Nothing is looked up for a request that is wrong in itself."""
    given = {"template_id": str(uuid4()), "ttl_ms": 1, "autostart_schedule": "x"}
    scenario.refused(ask(scenario, operation.id, 400, name="-x", **given), "name")


@MARK("create/failure-leaves-nothing")
def test_failure_leaves_nothing(scenario: Scenario, operation: Operation) -> None:
    """Neither by name nor in the list nor in the count."""
    name = scenario.world.name()
    ask(scenario, operation.id, 400, name=name, ttl_ms=1)
    ask(scenario, operation.id, 400, name=name, autostart_schedule="x")
    ask(scenario, operation.id, 400, name=name, template_id=str(uuid4()))
    for deleted in ("false", "true"):
        path = {"user": "me", "workspacename": name}
        scenario.call(BY_NAME, path, 404, query={"include_deleted": deleted})
    page = scenario.call("listWorkspaces", {}, 200, query={"q": f"name:{name}"})
    if any(item["name"] == name for item in page.json()["workspaces"]):
        raise Mismatch(f"no workspace {name}", page.answer(), page)


@MARK("create/conflict")
def test_conflict(scenario: Scenario, operation: Operation, stopped: Json) -> None:
    """In any case, and whatever state the other one is in."""
    for name in (stopped["name"], stopped["name"].upper(), stopped["name"].title()):
        scenario.refused(ask(scenario, operation.id, 409, name=name), "name")


@MARK("create/conflict-message")
def test_conflict_message(scenario: Scenario, operation: Operation, stopped: Json) -> None:
    """The name as it was sent."""
    answer = ask(scenario, operation.id, 409, name=stopped["name"])
    expected = f'Workspace "{stopped["name"]}" already exists.'
    if answer.json()["message"] != expected:
        raise Mismatch(expected, answer.answer(), answer)


@MARK("create/conflict-after-settings")
def test_conflict_after_settings(scenario: Scenario, operation: Operation, stopped: Json) -> None:
    """What can be seen without looking anything up comes first."""
    name = stopped["name"]
    scenario.refused(ask(scenario, operation.id, 400, name=name, ttl_ms=1), "ttl_ms")
    answer = ask(scenario, operation.id, 400, name=name, autostart_schedule="x")
    scenario.refused(answer, "schedule")


@MARK("create/unknown-parameters")
def test_unknown_parameters(scenario: Scenario) -> None:
    """Not an error, and not kept."""
    given = [{"name": "x-no-such-parameter", "value": "1"}]
    name = scenario.world.name()
    made = ask(scenario, "createUserWorkspace", 201, name=name, rich_parameter_values=given).json()
    scenario.world.settled(made["id"])
    query = {"q": f'param:"x-no-such-parameter" id:{made["id"]}'}
    page = scenario.call("listWorkspaces", {}, 200, query=query)
    if page.json()["count"]:
        raise Mismatch("a parameter that was dropped", page.answer(), page)


@MARK("create/preset-unknown")
def test_preset(scenario: Scenario) -> None:
    """Refused, and nothing is made."""
    name = scenario.world.name()
    preset = {"template_version_preset_id": str(uuid4())}
    ask(scenario, "createUserWorkspace", 400, 500, name=name, **preset)
    scenario.call(BY_NAME, {"user": "me", "workspacename": name}, 404)


@MARK("create/name-is-free-after-deletion")
def test_name_is_free(scenario: Scenario, shared: Shared) -> None:
    """The new one has the name, the old one keeps its identifier."""
    buried, made = shared.reused()
    if made["id"] == buried["id"]:
        raise Mismatch("an identifier of its own", made["id"], scenario.wire.last)
    query = {"include_deleted": "true"}
    old = scenario.on(buried, "getWorkspaceMetadataById", 200, query=query)
    if old.json()["latest_build"]["status"] != "deleted":
        raise Mismatch("the old one to stay deleted", old.answer(), old)


@MARK("get-by-name/prefers-live")
def test_prefers_live(scenario: Scenario, shared: Shared) -> None:
    """The flag adds deleted ones, it does not hide live ones."""
    buried, made = shared.reused()
    path = {"user": "me", "workspacename": buried["name"]}
    for flag in ("true", "false"):
        answer = scenario.call(BY_NAME, path, 200, query={"include_deleted": flag})
        if answer.json()["id"] != made["id"]:
            raise Mismatch(f"the live one {made['id']}", answer.json()["id"], answer)
    scenario.on(buried, "getWorkspaceMetadataById", 410)


@MARK("get-by-name/last-deleted")
def test_last_deleted(scenario: Scenario, shared: Shared) -> None:
    """Of two that are gone, the younger one."""
    buried, made = shared.reused()
    scenario.world.build(made["id"], "delete")
    path = {"user": "me", "workspacename": buried["name"]}
    answer = scenario.call(BY_NAME, path, 200, query={"include_deleted": "true"})
    if answer.json()["id"] != made["id"]:
        raise Mismatch(f"the younger one {made['id']}", answer.json()["id"], answer)


@MARK("create/is-shown-at-once")
def test_is_shown_at_once(scenario: Scenario) -> None:
    """Before its build is done."""
    made = ask(scenario, "createUserWorkspace", 201, name=scenario.world.name()).json()
    for view, answer in scenario.views(made):
        for name in ("id", "name", "created_at", "owner_id", "template_id"):
            if view[name] != made[name]:
                raise Mismatch(f"{name} = {made[name]}", repr(view[name]), answer)


@MARK("create/identifiers-are-new")
def test_identifiers_are_new(scenario: Scenario) -> None:
    """Nothing is shared by two workspaces."""
    both = ("createUserWorkspace", BY_ORGANIZATION)
    made = [scenario.created_answer(name).json() for name in both]
    ids = [
        (w["id"], w["latest_build"]["id"], w["latest_build"]["job"]["id"], w["name"]) for w in made
    ]
    for one, other in zip(*ids, strict=True):
        if one == other:
            raise Mismatch("different identifiers", repr(ids), scenario.wire.last)


@MARK("by-organization/same-answer")
def test_same_answer(scenario: Scenario) -> None:
    """Whoever moves from one operation to the other need not change anything."""
    one = scenario.created_answer("createUserWorkspace")
    other = scenario.created_answer(BY_ORGANIZATION)
    if one.json().keys() != other.json().keys():
        raise Mismatch(repr(sorted(one.json())), repr(sorted(other.json())), other)
    for name in ("owner_id", "organization_id", "template_id", "automatic_updates", "favorite"):
        if one.json()[name] != other.json()[name]:
            raise Mismatch(f"{name} = {one.json()[name]}", repr(other.json()[name]), other)


@MARK("by-organization/user-spellings")
def test_member_spellings(scenario: Scenario, running: Json) -> None:
    """As everywhere."""
    me, template = scenario.world.me, scenario.world.template
    body = {"name": running["name"], "template_id": template["id"]}
    for user in ("me", me["id"], me["username"], me["username"].upper()):
        path = {"organization": template["organization_id"], "user": user}
        scenario.call(BY_ORGANIZATION, path, 409, body=body)


@MARK("by-organization/unknown-user")
def test_member_unknown(scenario: Scenario, running: Json) -> None:
    """Nobody, or nobody here."""
    template = scenario.world.template
    body = {"name": running["name"], "template_id": template["id"]}
    for user in ("no-such-user-at-all", str(uuid4()), "-"):
        path = {"organization": template["organization_id"], "user": user}
        scenario.call(BY_ORGANIZATION, path, 400, 404, body=body)


@MARK("by-organization/not-for-others")
def test_not_for_others(scenario: Scenario, member: Wire) -> None:
    """Refused, and nothing is made."""
    name, template = scenario.world.name(), scenario.world.template
    path = {"organization": template["organization_id"], "user": scenario.world.me["username"]}
    body = {"name": name, "template_id": template["id"]}
    scenario.call(BY_ORGANIZATION, path, 400, 403, 404, wire=member, body=body)
    scenario.call(BY_NAME, {"user": "me", "workspacename": name}, 404)


@MARK("isolation/names-are-per-owner")
def test_names_are_per_owner(scenario: Scenario, member: Wire) -> None:
    """A name that one user has is free for another."""
    name = scenario.world.name()
    theirs = scenario.context.theirs().create(wait=False, name=name)
    mine = ask(scenario, "createUserWorkspace", 201, name=name).json()
    path = {"user": "me", "workspacename": name}
    for wire, expected in ((scenario.wire, mine["id"]), (member, theirs["id"])):
        seen = scenario.call(BY_NAME, path, 200, wire=wire)
        if seen.json()["id"] != expected:
            raise Mismatch(f"the caller's own {expected}", seen.json()["id"], seen)
