"""Dormancy, marks and modes of updates: their effects, in whatever state a workspace is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coder_conformance import formats
from coder_conformance.burial import DeletionRefusedError
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.several import Several
from coder_conformance.suite.server.usual import still

Json = dict[str, Any]
MARK = pytest.mark.requirement
DORMANT = "updateWorkspaceDormancyStatusById"
CLOSE = timedelta(seconds=30)
BUILD = "createWorkspaceBuild"
AUTOSTART = "updateWorkspaceAutostartScheduleById"
SCHEDULE = formats.days_away("7 8 * * 2")
UPDATES = "updateWorkspaceAutomaticUpdatesById"


def sleep(scenario: Scenario, workspace: Json) -> Json:
    """Make it dormant; what was answered."""
    answer: Json = scenario.on(workspace, DORMANT, 200, body={"dormant": True}).json()
    return answer


def wake(scenario: Scenario, workspace: Json) -> Json:
    """Make it active; what was answered."""
    answer: Json = scenario.on(workspace, DORMANT, 200, body={"dormant": False}).json()
    return answer


@MARK("dormancy/answer")
def test_answer(scenario: Scenario, stopped: Json, running: Json) -> None:
    """Field by field what a read shows right after it, of a running one and of one with a mark."""
    scenario.on(stopped, "favoriteWorkspaceById", 204)
    for workspace in (stopped, running):
        for change in (sleep, wake):
            said = change(scenario, workspace)
            read = scenario.world.read(workspace["id"])
            one, other = still(said), still(read)
            for shown, value in ((one, said), (other, read)):
                shown["last_used_at"] = value["last_used_at"]
            for name in sorted(one.keys() | other.keys()):
                if one.get(name) != other.get(name):
                    expected = f"{name} = {other.get(name)!r} as read"
                    raise Mismatch(expected, repr(one.get(name)), scenario.wire.last)
    scenario.on(stopped, "unfavoriteWorkspaceById", 204)


@MARK("dormancy/default-is-active")
def test_default(scenario: Scenario, stopped: Json) -> None:
    """Nothing, null and an empty object."""
    for body in ({}, None, {"dormant": None}):
        sleep(scenario, stopped)
        answer = scenario.on(stopped, DORMANT, 200, body=body)
        if answer.json()["dormant_at"] is not None:
            raise Mismatch("dormant_at = null", answer.json()["dormant_at"], answer)


@MARK("dormancy/keeps-last-use")
def test_keeps_last_use(scenario: Scenario, stopped: Json) -> None:
    """Going to sleep is no use, waking up is."""
    before = datetime.fromisoformat(stopped["last_used_at"])
    asleep = datetime.fromisoformat(sleep(scenario, stopped)["last_used_at"])
    if asleep != before:
        raise Mismatch(f"last_used_at = {before}", str(asleep), scenario.wire.last)
    awake = datetime.fromisoformat(wake(scenario, stopped)["last_used_at"])
    if awake <= before or abs((scenario.world.now() - awake).total_seconds()) > 300:
        raise Mismatch("last_used_at about now", str(awake), scenario.wire.last)


@MARK("dormancy/no-next-start")
def test_no_next_start(scenario: Scenario, stopped: Json) -> None:
    """The schedule waits, the workspace does not start."""
    schedule = formats.days_away("0 9 * * 1")
    scenario.on(stopped, AUTOSTART, 204, body={"schedule": schedule})
    sleep(scenario, stopped)
    scenario.shows(stopped, autostart_schedule=schedule, next_start_at=None)
    wake(scenario, stopped)
    after = scenario.shows(stopped, autostart_schedule=schedule)
    # It may be left open until something is built or the server looks at its schedules.
    start, shown = formats.next_start(schedule, scenario.world.now()), after["next_start_at"]
    if shown is not None and datetime.fromisoformat(shown) != start:
        raise Mismatch(f"next_start_at = {start} or null", shown, scenario.wire.last)
    scenario.on(stopped, AUTOSTART, 204, body={})


@MARK("dormancy/forbids-start")
def test_forbids_start(scenario: Scenario, stopped: Json) -> None:
    """Nothing is built, until it is active again."""
    sleep(scenario, stopped)
    scenario.on(stopped, BUILD, 403, body={"transition": "start"})
    scenario.unchanged(stopped, stopped, "dormant_at", "deleting_at", "next_start_at")
    wake(scenario, stopped)
    scenario.world.build(stopped["id"], "start")
    scenario.world.build(stopped["id"], "stop")


@MARK("dormancy/allows-stop-and-delete")
def test_allows_stop_and_delete(scenario: Scenario, shared: Shared) -> None:
    """Getting rid of it is always possible."""
    try:
        burial = shared.burial()
    except DeletionRefusedError as refusal:
        answer = refusal.answer
        raise Mismatch("a deletion that is accepted", answer.answer(), answer) from refusal
    scenario.context.expect("updateWorkspaceDormancyStatusById", burial.sleep, 200)
    for answer, steps, status in (
        (burial.stop, burial.stop_steps, "stopped"),
        (burial.delete, burial.steps, "deleted"),
    ):
        scenario.context.expect(BUILD, answer, 201)
        seen = steps[-1].json()
        if seen["latest_build"]["status"] != status or seen["dormant_at"] is None:
            actual = f"{seen['latest_build']['status']}, dormant_at {seen['dormant_at']}"
            raise Mismatch(f"{status} and still dormant", actual, steps[-1])


@MARK("dormancy/keeps-running")
def test_keeps_running(scenario: Scenario, running: Json) -> None:
    """Neither a build nor a deadline changes."""
    sleep(scenario, running)
    after = scenario.unchanged(running, running, "dormant_at", "deleting_at", "next_start_at")
    if after["latest_build"]["status"] != "running":
        raise Mismatch("running", after["latest_build"]["status"], scenario.wire.last)
    wake(scenario, running)


@MARK("dormancy/is-searchable")
def test_is_searchable(scenario: Scenario, stopped: Json) -> None:
    """Found while it is dormant, and listed all the time."""
    for change, found in ((sleep, True), (wake, False)):
        change(scenario, stopped)
        for word, expected in ((" dormant:true", found), (" dormant:false", True), ("", True)):
            query = {"q": f"id:{stopped['id']}{word}"}
            answer = scenario.call("listWorkspaces", {}, 200, query=query)
            if answer.json()["count"] != int(expected):
                raise Mismatch(f"count = {int(expected)}", answer.answer(), answer)


@MARK("dormancy/settings-still-work")
def test_settings_still_work(scenario: Scenario, stopped: Json) -> None:
    """All of them."""
    sleep(scenario, stopped)
    settings(scenario, stopped)
    shown = {"ttl_ms": 3_600_000, "automatic_updates": "always", "favorite": True}
    shown["autostart_schedule"] = SCHEDULE
    scenario.shows(stopped, **shown)
    wake(scenario, stopped)
    scenario.shows(stopped, **shown)
    scenario.on(stopped, UPDATES, 204, body={"automatic_updates": "never"})
    scenario.on(stopped, AUTOSTART, 204, body={})


def settings(scenario: Scenario, workspace: Json) -> None:
    """Give every setting another value."""
    scenario.on(workspace, "updateWorkspaceTtlById", 204, body={"ttl_ms": 3_600_000})
    scenario.on(workspace, AUTOSTART, 204, body={"schedule": SCHEDULE})
    scenario.on(workspace, UPDATES, 204, body={"automatic_updates": "always"})
    scenario.on(workspace, "favoriteWorkspaceById", 204)
    scenario.on(workspace, "postWorkspaceUsageById", 204, body={})


@MARK("dormancy/deleting-at")
def test_deleting_at(scenario: Scenario, stopped: Json) -> None:
    """As late as the template says now, or never."""
    path = {"template": stopped["template_id"]}
    template = scenario.call("getTemplate", path, 200).json()
    wait = timedelta(milliseconds=template["time_til_dormant_autodelete_ms"])
    asleep = sleep(scenario, stopped)
    since, shown = datetime.fromisoformat(asleep["dormant_at"]), asleep["deleting_at"]
    if not wait and shown is not None:
        raise Mismatch("deleting_at = null", shown, scenario.wire.last)
    if wait and (shown is None or abs(datetime.fromisoformat(shown) - since - wait) > CLOSE):
        raise Mismatch(f"deleting_at = {since + wait}", str(shown), scenario.wire.last)
    awake = wake(scenario, stopped)
    if awake["deleting_at"] is not None:
        raise Mismatch("deleting_at = null", awake["deleting_at"], scenario.wire.last)


def in_every_state(
    scenario: Scenario, shared: Shared, operation_id: str, *steps: tuple[Json | None, Json]
) -> None:
    """Each step works on a running, a dormant and a deleted workspace, and is shown."""
    for state in ("running", "dormant", "deleted"):
        workspace = {
            "running": shared.running,
            "dormant": shared.stopped,
            "deleted": shared.deleted,
        }[state]()
        if state == "dormant":
            sleep(scenario, workspace)
        for body, shown in steps:
            options = {} if body is None else {"body": body}
            scenario.on(workspace, operation_id, 204, **options)
            seen = scenario.world.read(workspace["id"], include_deleted=True)
            for name, expected in shown.items():
                if seen.get(name) != expected:
                    actual = f"{name} = {seen.get(name)!r} on a {state} one"
                    raise Mismatch(f"{name} = {expected!r}", actual, scenario.wire.last)
        if state == "dormant":
            wake(scenario, workspace)


@MARK("autostart/in-any-state")
def test_autostart_in_any_state(scenario: Scenario, shared: Shared) -> None:
    """Set and cleared."""
    texts = ("1 2 * * 3", None)
    steps = [({"schedule": t}, {"autostart_schedule": t}) for t in texts]
    in_every_state(scenario, shared, AUTOSTART, *steps)


@MARK("ttl/in-any-state")
def test_ttl_in_any_state(scenario: Scenario, shared: Shared) -> None:
    """Set and changed."""
    steps = [({"ttl_ms": ttl}, {"ttl_ms": ttl}) for ttl in (7_200_000, 28_800_000)]
    in_every_state(scenario, shared, "updateWorkspaceTtlById", *steps)


@MARK("autoupdates/in-any-state")
def test_updates_in_any_state(scenario: Scenario, shared: Shared) -> None:
    """Both values."""
    steps = [({"automatic_updates": v}, {"automatic_updates": v}) for v in ("always", "never")]
    in_every_state(scenario, shared, UPDATES, *steps)


@MARK("favorite/in-any-state")
def test_favorite_in_any_state(scenario: Scenario, shared: Shared) -> None:
    """Marked."""
    in_every_state(scenario, shared, "favoriteWorkspaceById", (None, {"favorite": True}))


@MARK("unfavorite/in-any-state")
def test_unfavorite_in_any_state(scenario: Scenario, shared: Shared) -> None:
    """Not marked."""
    in_every_state(scenario, shared, "unfavoriteWorkspaceById", (None, {"favorite": False}))


@MARK("autoupdates/exact-words")
def test_exact_words(scenario: Scenario, stopped: Json) -> None:
    """Letter by letter; null is as good as no word."""
    scenario.on(stopped, UPDATES, 204, body={"automatic_updates": "never"})
    words = ("Always", "ALWAYS", " always", "always ", "alway", "alwayss", "true", "", "\0", None)
    for value in words:
        answer = scenario.on(stopped, UPDATES, 400, body={"automatic_updates": value})
        scenario.refused(answer, "automatic_updates")
    scenario.shows(stopped, automatic_updates="never")


@MARK("autoupdates/repeatable")
def test_updates_repeatable(scenario: Scenario, stopped: Json) -> None:
    """The second time nothing moves."""
    for value in ("always", "never"):
        scenario.on(stopped, UPDATES, 204, body={"automatic_updates": value})
        before = scenario.shows(stopped, automatic_updates=value)
        scenario.on(stopped, UPDATES, 204, body={"automatic_updates": value})
        scenario.unchanged(before, stopped)


@MARK("autoupdates/message")
def test_updates_message(scenario: Scenario, stopped: Json) -> None:
    """What is possible is said."""
    answer = scenario.on(stopped, UPDATES, 400, body={"automatic_updates": "x"})
    entry = {"field": "automatic_updates", "detail": "must be always or never"}
    expected = {"message": "Invalid request", "validations": [entry]}
    if answer.json() != expected:
        raise Mismatch(repr(expected), answer.answer(), answer)


def marks(scenario: Scenario) -> dict[str, bool]:
    """Which of the run's workspaces are marked."""
    query = {"q": f"owner:me name:{scenario.world.prefix}"}
    page = scenario.call("listWorkspaces", {}, 200, query=query).json()
    return {w["id"]: w["favorite"] for w in page["workspaces"]}


def only_one_changes(scenario: Scenario, operation: str, workspace: Json, mark: bool) -> None:
    """The mark of one workspace changes and that of no other."""
    before = marks(scenario)
    scenario.on(workspace, operation, 204)
    after = marks(scenario)
    expected = {**before, workspace["id"]: mark}
    # Others may end meanwhile, of deletions that an earlier test asked for.
    changed = {i: after[i] for i in after.keys() & expected if after[i] != expected[i]}
    if changed:
        raise Mismatch("the marks of the others to stay", repr(changed), scenario.wire.last)


@MARK("favorite/one-at-a-time")
def test_one_mark(scenario: Scenario, stopped: Json, running: Json) -> None:
    """Also while others are marked."""
    for workspace in (stopped, running):
        scenario.on(workspace, "unfavoriteWorkspaceById", 204)
    for workspace in (stopped, running):
        only_one_changes(scenario, "favoriteWorkspaceById", workspace, mark=True)


@MARK("unfavorite/one-at-a-time")
def test_one_mark_less(scenario: Scenario, stopped: Json, running: Json) -> None:
    """The others keep theirs."""
    for workspace in (stopped, running):
        scenario.on(workspace, "favoriteWorkspaceById", 204)
    for workspace in (stopped, running):
        only_one_changes(scenario, "unfavoriteWorkspaceById", workspace, mark=False)


@MARK("unfavorite/never-marked")
def test_never_marked(scenario: Scenario, shared: Shared) -> None:
    """There is nothing to remove, and that is fine."""
    made = shared.room()
    for _ in range(3):
        scenario.on(made, "unfavoriteWorkspaceById", 204)
    scenario.shows(made, favorite=False)


@MARK("list/favorites-first")
def test_favorites_first(scenario: Scenario, stopped: Json, running: Json) -> None:
    """A stopped one that is marked comes before a running one that is not."""
    scenario.on(running, "unfavoriteWorkspaceById", 204)
    for operation, first in (("favoriteWorkspaceById", True), ("unfavoriteWorkspaceById", False)):
        scenario.on(stopped, operation, 204)
        query = {"q": f"id:{stopped['id']},{running['id']}"}
        answer = scenario.call("listWorkspaces", {}, 200, query=query)
        order = [w["id"] for w in answer.json()["workspaces"]]
        expected = [stopped["id"], running["id"]] if first else [running["id"], stopped["id"]]
        if order != expected:
            raise Mismatch(repr(expected), repr(order), answer)


@MARK("list/running-first")
def test_running_first(scenario: Scenario, several: Several) -> None:
    """Whatever their names, once none of them is marked."""
    for workspace in several.workspaces:
        scenario.on(workspace, "unfavoriteWorkspaceById", 204)
    query = {"q": several.query}
    answer = scenario.call("listWorkspaces", {}, 200, query=query)
    runs = [w["latest_build"]["status"] == "running" for w in answer.json()["workspaces"]]
    if runs != sorted(runs, reverse=True):
        raise Mismatch("the running ones first", repr(runs), answer)
