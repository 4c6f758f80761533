"""Settings of one workspace: what is set is shown, what is wrong is refused, nothing else moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance import clock, formats
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import attempt, usual
from coder_spec import Operation

Json = dict[str, Any]
MINUTE = 60_000
LONGEST = 2_592_000_000
TTLS = st.one_of(
    st.sampled_from([0, None, MINUTE, MINUTE + 1, 90_000, 119_999, LONGEST, LONGEST + 59_999]),
    st.integers(MINUTE, LONGEST),
)


@pytest.mark.requirement("ttl/reads-back")
def test_ttl_reads_back(scenario: Scenario, stopped: Json) -> None:
    """A time in range is cut to whole minutes and shown everywhere; 0 and null clear it."""

    @given(TTLS)
    def check(ttl: int | None) -> None:
        before = scenario.world.read(stopped["id"])
        scenario.on(stopped, "updateWorkspaceTtlById", 204, body={"ttl_ms": ttl})
        stored = (ttl or 0) // MINUTE * MINUTE or None
        scenario.shows(stopped, ttl_ms=stored)
        # Clearing the time ends the deadline that went with it.
        scenario.unchanged(before, stopped, "ttl_ms", "deadline")

    check()


@pytest.mark.requirement("ttl/limits")
@pytest.mark.parametrize("ttl", [1, 59_999, -1, -MINUTE, -LONGEST, LONGEST + MINUTE, 2**53])
def test_ttl_limits(scenario: Scenario, stopped: Json, ttl: int) -> None:
    """A time out of range is refused by name and leaves the stored one."""
    scenario.on(stopped, "updateWorkspaceTtlById", 204, body={"ttl_ms": 7 * MINUTE})
    answer = scenario.on(stopped, "updateWorkspaceTtlById", 400, body={"ttl_ms": ttl})
    scenario.refused(answer, "ttl_ms")
    scenario.shows(stopped, ttl_ms=7 * MINUTE)


@pytest.mark.requirement("autostart/reads-back")
def test_autostart_reads_back(scenario: Scenario, stopped: Json) -> None:
    """A schedule is shown as written and can be cleared."""

    @given(formats.schedules())
    def check(schedule: str) -> None:
        schedule = formats.days_away(schedule)
        before = scenario.world.read(stopped["id"])
        body = {"schedule": schedule}
        scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body=body)
        scenario.shows(stopped, autostart_schedule=schedule or None)
        scenario.unchanged(before, stopped, "autostart_schedule", "next_start_at")

    check()
    for schedule in formats.SPACED_SCHEDULES:
        check.hypothesis.inner_test(schedule)  # type: ignore[attr-defined]
    for cleared in ({"schedule": None}, {"schedule": ""}, {}):
        scenario.on(
            stopped, "updateWorkspaceAutostartScheduleById", 204, body={"schedule": "5 4 * * *"}
        )
        scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body=cleared)
        scenario.shows(stopped, autostart_schedule=None, next_start_at=None)


@pytest.mark.requirement("autostart/next-start")
def test_autostart_next_start(scenario: Scenario, stopped: Json) -> None:
    """The next start is what the schedule says, found by looking at every minute of a week."""
    slack = timedelta(seconds=clock.TOLERANCE)

    @given(formats.schedules(steady=True).filter(bool))
    def check(schedule: str) -> None:
        # The same next start under another text may be shown as null, so begin from none.
        scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body={"schedule": None})
        earliest = formats.next_start(schedule, scenario.world.now() - slack)
        scenario.on(
            stopped, "updateWorkspaceAutostartScheduleById", 204, body={"schedule": schedule}
        )
        latest = formats.next_start(schedule, scenario.world.now() + slack)
        for view, answer in scenario.views(stopped):
            shown = view["next_start_at"]
            if shown is None or datetime.fromisoformat(shown) not in {earliest, latest}:
                expected = f"next_start_at = {earliest.isoformat()} for {schedule!r}"
                raise Mismatch(expected, f"next_start_at = {shown}", answer)

    check()
    scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body={"schedule": None})


@pytest.mark.requirement("autostart/refuses-bad-schedules")
@pytest.mark.parametrize("schedule", formats.BAD_SCHEDULES)
def test_autostart_refuses(scenario: Scenario, stopped: Json, schedule: str) -> None:
    """A schedule outside the grammar is refused by name and leaves the stored one."""
    kept = formats.days_away("30 9 * * 1-5")
    scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body={"schedule": kept})
    body = {"schedule": schedule}
    answer = scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 400, body=body)
    scenario.refused(answer, "schedule")
    scenario.shows(stopped, autostart_schedule=kept)
    scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body={"schedule": None})


@pytest.mark.requirement("extend/moves-the-deadline")
def test_extend_moves_the_deadline(scenario: Scenario, running: Json) -> None:
    """A deadline of half an hour to a month ahead, in any zone, is stored and named."""

    @given(st.integers(31 * 60, 30 * 86_400), st.sampled_from([0, 120, -450, 330]))
    def check(seconds: int, offset: int) -> None:
        before = scenario.world.read(running["id"])
        instant = scenario.world.later(seconds=seconds)
        local = (instant + timedelta(minutes=offset)).replace(tzinfo=None)
        sign, rest = ("+" if offset >= 0 else "-"), abs(offset)
        zone = f"{sign}{rest // 60:02}:{rest % 60:02}" if offset else "Z"
        body = {"deadline": f"{local.isoformat()}{zone}"}
        answer = scenario.on(running, "extendWorkspaceDeadlineById", 200, body=body)
        named = instant.strftime("%Y-%m-%dT%H:%M:%SZ")
        if named not in answer.json()["message"]:
            raise Mismatch(f"a message that names {named}", answer.json()["message"], answer)
        for view, seen in scenario.views(running):
            shown = view["latest_build"]["deadline"]
            if shown is None or datetime.fromisoformat(shown) != instant:
                raise Mismatch(f"latest_build.deadline = {named}", str(shown), seen)
        scenario.unchanged(before, running, "deadline")

    check()


@pytest.mark.requirement("extend/limits")
@pytest.mark.parametrize("minutes", [-60 * 24 * 365, -1, 0, 1, 28])
def test_extend_limits(scenario: Scenario, running: Json, minutes: int) -> None:
    """A deadline too soon is refused and leaves the stored one."""
    deadline = scenario.world.now() + timedelta(minutes=minutes)
    body = {"deadline": deadline.isoformat()}
    scenario.on(running, "extendWorkspaceDeadlineById", 400, body=body)
    scenario.unchanged(running, running)


@pytest.mark.requirement("extend/limits")
@pytest.mark.parametrize("body", [{}, {"deadline": None}, {"deadline": "0001-01-01T00:00:00Z"}])
def test_extend_needs_a_deadline(scenario: Scenario, running: Json, body: Json) -> None:
    """A missing deadline is refused by name."""
    answer = scenario.on(running, "extendWorkspaceDeadlineById", 400, body=body)
    scenario.refused(answer, "deadline")
    scenario.unchanged(running, running)


@pytest.mark.requirement("extend/needs-a-running-workspace")
def test_extend_needs_a_running_workspace(scenario: Scenario, stopped: Json, running: Json) -> None:
    """Neither a stopped workspace nor one that never stops has a deadline to move."""
    body = {"deadline": (scenario.world.now() + timedelta(hours=2)).isoformat()}
    scenario.on(stopped, "extendWorkspaceDeadlineById", 409, body=body)
    endless = running
    scenario.on(endless, "updateWorkspaceTtlById", 204, body={"ttl_ms": None})
    endless = scenario.world.read(endless["id"])
    if endless["latest_build"]["deadline"] is None:
        scenario.on(endless, "extendWorkspaceDeadlineById", 409, body=body)


@pytest.mark.requirement("dormancy/takes-effect")
def test_dormancy_takes_effect(scenario: Scenario, stopped: Json) -> None:
    """Dormant: shown, dated and not startable. Active again: cleared and used just now."""
    before = scenario.world.read(stopped["id"])
    answer = scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body={"dormant": True})
    said = answer.json()
    if said["dormant_at"] is None:
        raise Mismatch("dormant_at with a time", "null", answer)
    since = datetime.fromisoformat(said["dormant_at"])
    if abs((since - scenario.world.now()).total_seconds()) > 300:
        raise Mismatch("dormant_at about now", said["dormant_at"], answer)
    scenario.shows(stopped, dormant_at=said["dormant_at"], next_start_at=None)
    scenario.unchanged(before, stopped, "dormant_at", "deleting_at", "next_start_at")
    scenario.on(stopped, "createWorkspaceBuild", 403, body={"transition": "start"})
    answer = scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body={"dormant": False})
    said = answer.json()
    if datetime.fromisoformat(said["last_used_at"]) < since:
        raise Mismatch(f"last_used_at after {since.isoformat()}", said["last_used_at"], answer)
    scenario.shows(stopped, dormant_at=None, deleting_at=None)


@pytest.mark.requirement("dormancy/no-change")
def test_dormancy_no_change(scenario: Scenario, stopped: Json) -> None:
    """The state that it has: 304 without a body, both ways, and nothing moves."""
    for body in ({"dormant": False}, {}):
        scenario.on(stopped, "updateWorkspaceDormancyStatusById", 304, body=body)
        scenario.unchanged(stopped, stopped)
    scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body={"dormant": True})
    dormant = scenario.world.read(stopped["id"])
    scenario.on(stopped, "updateWorkspaceDormancyStatusById", 304, body={"dormant": True})
    scenario.unchanged(dormant, stopped)
    scenario.on(stopped, "updateWorkspaceDormancyStatusById", 200, body={"dormant": False})


@pytest.mark.requirement("autoupdates/reads-back")
def test_autoupdates_reads_back(scenario: Scenario, stopped: Json) -> None:
    """Each value is stored and shown, also when it is given twice."""
    for value in ("always", "always", "never", "never"):
        before = scenario.world.read(stopped["id"])
        body = {"automatic_updates": value}
        scenario.on(stopped, "updateWorkspaceAutomaticUpdatesById", 204, body=body)
        scenario.shows(stopped, automatic_updates=value)
        scenario.unchanged(before, stopped, "automatic_updates")


@pytest.mark.requirement("autoupdates/refuses-other-values")
@pytest.mark.parametrize(
    "body",
    [{"automatic_updates": value} for value in ("", "Always", "NEVER", "sometimes", None)] + [{}],
)
def test_autoupdates_refuses(scenario: Scenario, stopped: Json, body: Json) -> None:
    """Anything else is refused by name and leaves the stored value."""
    kept = {"automatic_updates": "always"}
    scenario.on(stopped, "updateWorkspaceAutomaticUpdatesById", 204, body=kept)
    answer = scenario.on(stopped, "updateWorkspaceAutomaticUpdatesById", 400, body=body)
    scenario.refused(answer, "automatic_updates")
    scenario.shows(stopped, **kept)
    scenario.on(
        stopped, "updateWorkspaceAutomaticUpdatesById", 204, body={"automatic_updates": "never"}
    )


@pytest.mark.requirement("favorite/takes-effect")
def test_favorite_takes_effect(scenario: Scenario, stopped: Json) -> None:
    """The mark is set, once or twice, and nothing else moves."""
    scenario.on(stopped, "unfavoriteWorkspaceById", 204)
    before = scenario.world.read(stopped["id"])
    for _ in range(2):
        scenario.on(stopped, "favoriteWorkspaceById", 204)
        scenario.shows(stopped, favorite=True)
        scenario.unchanged(before, stopped, "favorite")


@pytest.mark.requirement("unfavorite/takes-effect")
def test_unfavorite_takes_effect(scenario: Scenario, stopped: Json) -> None:
    """The mark is removed, once or twice, and nothing else moves."""
    scenario.on(stopped, "favoriteWorkspaceById", 204)
    before = scenario.shows(stopped, favorite=True)
    for _ in range(2):
        scenario.on(stopped, "unfavoriteWorkspaceById", 204)
        scenario.shows(stopped, favorite=False)
        scenario.unchanged(before, stopped, "favorite")


@pytest.mark.requirement("acl/off-by-default")
def test_acl_off_by_default(scenario: Scenario, stopped: Json, deleted: Json) -> None:
    """Without the feature every body is answered with 403, be it good or bad."""
    me, everyone = scenario.world.me["id"], stopped["organization_id"]
    bodies: list[Json] = [{}, {"user_roles": {}}, {"nonsense": 1}, {"user_roles": {"x": "use"}}]
    for role in ("use", "admin", "", "nonsense"):
        bodies += [{"user_roles": {me: role}}, {"group_roles": {everyone: role}}]
    for body in bodies:
        scenario.on(stopped, "updateWorkspaceAcl", 403, body=body)
        scenario.on(deleted, "updateWorkspaceAcl", 403, body=body)


@pytest.mark.requirement("acl/shares")
@pytest.mark.parametrize("role", ["use", "admin"])
def test_acl_shares(scenario: Scenario, stopped: Json, member: Any, role: str) -> None:
    """A role lets the second user read the workspace; removing it ends that."""
    other = member.call(scenario.context.contract.operation("getUser"), {"user": "me"}).json()["id"]
    scenario.on(stopped, "getWorkspaceMetadataById", 404, wire=member)
    scenario.on(stopped, "updateWorkspaceAcl", 204, body={"user_roles": {other: role}})
    scenario.on(stopped, "getWorkspaceMetadataById", 200, wire=member)
    scenario.on(stopped, "updateWorkspaceAcl", 204, body={})
    scenario.on(stopped, "getWorkspaceMetadataById", 200, wire=member)
    scenario.on(stopped, "updateWorkspaceAcl", 204, body={"user_roles": {other: ""}})
    scenario.on(stopped, "getWorkspaceMetadataById", 404, wire=member)


SETTERS = {
    "updateWorkspaceTtlById": ({"ttl_ms": 25 * MINUTE}, {"ttl_ms": 40 * MINUTE}),
    "updateWorkspaceAutostartScheduleById": ({"schedule": "1 2 * * 3"}, {"schedule": "4 5 * * 6"}),
    "updateWorkspaceAutomaticUpdatesById": (
        {"automatic_updates": "always"},
        {"automatic_updates": "never"},
    ),
}
MARKS = ("favoriteWorkspaceById", "unfavoriteWorkspaceById")
OWN = {
    "updateWorkspaceTtlById": ("ttl_ms", "deadline"),
    "updateWorkspaceAutostartScheduleById": ("autostart_schedule", "next_start_at"),
    "updateWorkspaceAutomaticUpdatesById": ("automatic_updates",),
    "favoriteWorkspaceById": ("favorite",),
    "unfavoriteWorkspaceById": ("favorite",),
    "extendWorkspaceDeadlineById": ("deadline",),
    "postWorkspaceUsageById": ("deadline",),
}


@pytest.mark.requirement("settings/independent")
def test_settings_are_independent(
    scenario: Scenario, operation: Operation, running: Json, stopped: Json
) -> None:
    """From two opposite states of all settings; neither this nor another workspace is touched."""
    neighbour = scenario.world.read(stopped["id"])
    for turn in (0, 1):
        # The judged one comes first, so that what it does by the way is undone before it counts.
        for name in sorted(SETTERS, key=lambda name: name != operation.id):
            scenario.on(running, name, 204, body=SETTERS[name][turn])
        scenario.on(running, MARKS[turn], 204)
        for name in SETTERS:
            if name != operation.id:
                scenario.on(running, name, 204, body=SETTERS[name][turn])
        before = scenario.world.read(running["id"])
        attempt(scenario, usual(scenario, operation, running))
        scenario.unchanged(before, running, *OWN.get(operation.id, ()))
        scenario.unchanged(neighbour, stopped)
