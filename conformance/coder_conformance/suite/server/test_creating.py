"""Creating workspaces, by either operation: what is refused, and what a new workspace is like."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID, uuid4

import pytest

from coder_conformance import formats
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.shared import CREATE, ROOM, Shared
from coder_conformance.suite.server.births import accepted, birth_of
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.several import Several
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
        scenario.world.own(answer.json()["id"])
    return answer


def refuses(scenario: Scenario, operation: Operation, *fields: str, **given: Any) -> Exchange:
    """The request is refused for these fields, and nothing was made."""
    name = given.setdefault("name", scenario.world.name())
    answer = ask(scenario, operation.id, 400, **given)
    scenario.refused(answer, *fields)
    if name and "/" not in name and "\0" not in name:
        scenario.call(BY_NAME, {"user": "me", "workspacename": name}, 404)
    return answer


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
    templates = ("template_id", "template_version_id")
    several: list[tuple[Json, tuple[str, ...]]] = [
        ({"name": "-x", "template_id": None}, ("name", *templates)),
        ({"name": "x" * 33, "template_version_id": str(uuid4())}, ("name", *templates)),
        ({"name": scenario.world.name(), "template_id": None}, templates),
    ]
    for given, fields in several:
        answer = ask(scenario, operation.id, 400, **given)
        scenario.refused(answer, *fields)
        if len(answer.json()["validations"]) != len(fields) or "detail" in answer.json():
            raise Mismatch(f"{len(fields)} validations, no detail", answer.answer(), answer)


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
    ask(scenario, operation.id, 400, name=name, automatic_updates="x")
    ask(scenario, operation.id, 400, name=name, template_id=str(uuid4()))
    ask(scenario, operation.id, 400, name=name, template_id=None, template_version_id=str(uuid4()))
    ask(scenario, operation.id, 400, name=name, template_version_id=str(uuid4()))
    ask(scenario, operation.id, 400, name=name, rich_parameter_values=1)
    for deleted in ("false", "true"):
        path = {"user": "me", "workspacename": name}
        scenario.call(BY_NAME, path, 404, query={"include_deleted": deleted})
    page = scenario.call("listWorkspaces", {}, 200, query={"q": f"name:{name}"})
    if any(item["name"] == name for item in page.json()["workspaces"]):
        raise Mismatch(f"no workspace {name}", page.answer(), page)


@MARK("create/conflict")
def test_conflict(
    scenario: Scenario, operation: Operation, stopped: Json, several: Several
) -> None:
    """In any case, and whatever state the other one is in: running, stopped, dormant, marked."""
    for name in (stopped["name"], stopped["name"].upper(), stopped["name"].title()):
        scenario.refused(ask(scenario, operation.id, 409, name=name), "name")
    for workspace in several.workspaces:
        scenario.refused(ask(scenario, operation.id, 409, name=workspace["name"]), "name")


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


@MARK("create/preset-unknown")
def test_preset(scenario: Scenario, operation: Operation) -> None:
    """Refused, and nothing is made."""
    name = scenario.world.name()
    preset = {"template_version_preset_id": str(uuid4())}
    ask(scenario, operation.id, 400, 500, name=name, **preset)
    scenario.call(BY_NAME, {"user": "me", "workspacename": name}, 404)


@MARK("create/name-is-free-after-deletion")
def test_name_is_free(scenario: Scenario, shared: Shared) -> None:
    """The new one has the name, the old one keeps its identifier."""
    heir = shared.heir()
    accepted(scenario, heir.birth)
    made = heir.birth.workspace
    if made["id"] == heir.old or made["name"] != heir.birth.fields["name"]:
        seen = f"{made['id']} {made['name']}"
        raise Mismatch("the name and an identifier of its own", seen, heir.birth.answer)
    assert heir.old_read is not None
    old = scenario.context.expect("getWorkspaceMetadataById", heir.old_read, 200)
    if (old.json()["id"], old.json()["latest_build"]["status"]) != (heir.old, "deleted"):
        raise Mismatch("the old one to stay deleted", old.answer(), old)


@MARK("get-by-name/prefers-live")
def test_prefers_live(scenario: Scenario, shared: Shared) -> None:
    """The flag adds deleted ones, it does not hide live ones."""
    heir = shared.heir()
    accepted(scenario, heir.birth)
    made = heir.birth.workspace["id"]
    for answer in heir.named.values():
        scenario.context.expect(BY_NAME, answer, 200)
        if answer.json()["id"] != made:
            raise Mismatch(f"the live one {made}", answer.json()["id"], answer)
    assert heir.old_gone is not None
    scenario.context.expect("getWorkspaceMetadataById", heir.old_gone, 410)


@MARK("get-by-name/last-deleted")
def test_last_deleted(scenario: Scenario, shared: Shared) -> None:
    """Of two that are gone, the younger one."""
    heir = shared.heir()
    accepted(scenario, heir.birth)
    made = heir.birth.workspace["id"]
    assert heir.last is not None
    answer = scenario.context.expect(BY_NAME, heir.last, 200)
    if answer.json()["id"] != made:
        raise Mismatch(f"the younger one {made}", answer.json()["id"], answer)


@MARK("by-organization/same-answer")
def test_same_answer(scenario: Scenario, shared: Shared) -> None:
    """Whoever moves from one operation to the other need not change anything."""
    one, other = (birth_of(scenario, shared, name).answer for name in (CREATE, BY_ORGANIZATION))
    # Settings are in one of the requests only, and so in its answer.
    fields = [sorted(answer.json().keys() | ROOM.keys()) for answer in (one, other)]
    if fields[0] != fields[1]:
        raise Mismatch(repr(fields[0]), repr(fields[1]), other)
    for name, given in ROOM.items():
        if other.json().get(name) != given:
            raise Mismatch(f"{name} = {given}", repr(other.json().get(name)), other)
    for name in ("owner_id", "organization_id", "template_id", "favorite"):
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
def test_names_are_per_owner(scenario: Scenario, shared: Shared, member: Wire) -> None:
    """A name that one user has is free for another."""
    found = shared.neighbour(scenario.context.theirs())
    accepted(scenario, found.birth)
    assert member is scenario.context.member
    assert found.seen is not None
    owners = (found.mine, found.birth.workspace["id"])
    for seen, expected in zip(found.seen, owners, strict=True):
        scenario.context.expect(BY_NAME, seen, 200)
        if seen.json()["id"] != expected:
            raise Mismatch(f"the caller's own {expected}", seen.json()["id"], seen)
