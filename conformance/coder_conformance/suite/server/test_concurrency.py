"""Requests at the same time: one winner where there can be one, and nothing lost or mixed up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.formats import days_away
from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.together import together
from coder_conformance.wire import Wire
from coder_spec import Operation

pytestmark = pytest.mark.late

Json = dict[str, Any]
MARK = pytest.mark.requirement
MINUTE = 60_000
GET = "getWorkspaceMetadataById"


def sends(
    scenario: Scenario, operation_id: str, path: dict[str, str], *bodies: Any
) -> Callable[[Wire], list[Exchange]]:
    """A call that sends these bodies one after the other."""
    operation = scenario.context.contract.operation(operation_id)
    return lambda wire: [
        wire.call(operation, path, **({} if body is None else {"body": body})) for body in bodies
    ]


@MARK("concurrency/same-name")
def test_same_name(scenario: Scenario, shared: Shared, operation: Operation) -> None:
    """Five at once; what the first ones showed counts also when there is no second time."""
    problem: CannotJudgeError | None = None
    try:
        shared.pair()
    except CannotJudgeError as error:
        problem = error
    for race in (race for race in shared.races if race.operation == operation.id):
        made = [a for a in race.answers if a.status == 201]
        odd = [a for a in race.answers if a.status not in {201, 409, 500}]
        if len(made) != 1 or odd:
            seen = repr(sorted(a.status for a in race.answers))
            raise Mismatch("one 201 and otherwise 409", seen, (odd or race.answers)[0])
        listed = scenario.context.expect("listWorkspaces", race.page, 200).json()["workspaces"]
        found = [w["id"] for w in listed if w["name"] == race.name]
        if found != [made[0].json()["id"]]:
            raise Mismatch("the one that was answered with 201", repr(found), race.page)
        scenario.context.expect(operation.id, made[0], 201)
    if problem is not None:
        raise problem


@MARK("concurrency/last-write-stands")
def test_last_write(scenario: Scenario, stopped: Json) -> None:
    """The value that stays is one of those that were sent last."""
    path = {"workspace": stopped["id"]}
    for turn in range(4):
        ttls = [[(100 * turn + 10 * n + k + 1) * MINUTE for k in range(5)] for n in range(4)]
        calls = [
            sends(scenario, "updateWorkspaceTtlById", path, *({"ttl_ms": t} for t in row))
            for row in ttls
        ]
        for answer in [a for row in together(scenario.wire, *calls) for a in row]:
            scenario.context.expect("updateWorkspaceTtlById", answer, 204)
        last = {row[-1] for row in ttls}
        for view, answer in scenario.views(stopped):
            if view.get("ttl_ms") not in last:
                raise Mismatch(f"one of {sorted(last)}", repr(view.get("ttl_ms")), answer)


@MARK("concurrency/independent-settings")
def test_independent(scenario: Scenario, stopped: Json) -> None:
    """No update takes another one back."""
    path = {"workspace": stopped["id"]}
    for turn in range(6):
        schedule, ttl = days_away(f"{turn} 5 * * 2"), (turn + 20) * MINUTE
        updates, marked = ("always", "never")[turn % 2], turn % 2 == 0
        mark = "favoriteWorkspaceById" if marked else "unfavoriteWorkspaceById"
        calls = [
            sends(scenario, "updateWorkspaceAutostartScheduleById", path, {"schedule": schedule}),
            sends(scenario, "updateWorkspaceTtlById", path, {"ttl_ms": ttl}),
            sends(
                scenario,
                "updateWorkspaceAutomaticUpdatesById",
                path,
                {"automatic_updates": updates},
            ),
            sends(scenario, mark, path, None),
        ]
        for [answer] in together(scenario.wire, *calls):
            if answer.status != 204:
                raise Mismatch("204", answer.answer(), answer)
        scenario.shows(
            stopped,
            autostart_schedule=schedule,
            ttl_ms=ttl,
            automatic_updates=updates,
            favorite=marked,
        )


@MARK("concurrency/one-build")
def test_one_build(scenario: Scenario, stopped: Json) -> None:
    """Five at once, of different kinds."""
    before = stopped["latest_build"]["build_number"]
    path = {"workspace": stopped["id"]}
    calls = [
        sends(scenario, "createWorkspaceBuild", path, {"transition": transition})
        for transition in ("start", "stop", "start", "stop", "start")
    ]
    answers = [a for [a] in together(scenario.wire, *calls)]
    accepted = [a for a in answers if a.status == 201]
    settled = scenario.world.settled(stopped["id"])
    # A build may be over before the last request comes, which is then another first one.
    grown = settled["latest_build"]["build_number"] - before
    if not accepted or grown != len(accepted):
        seen = f"{sorted(a.status for a in answers)} and {grown} new builds"
        raise Mismatch("as many builds as were accepted", seen, answers[0])
    if any(a.status not in {201, 409, 500} for a in answers):
        raise Mismatch("201 or 409", repr(sorted(a.status for a in answers)), answers[0])
    jobs = [a.json()["job"] for a in accepted]
    if len(accepted) > 1 and len({job["id"] for job in jobs}) != len(jobs):
        raise Mismatch("a job for each build", repr(jobs), accepted[0])
    scenario.world.build(stopped["id"], "stop")


@MARK("concurrency/marks")
def test_marks(scenario: Scenario, stopped: Json) -> None:
    """On and off at once; in the end all views agree."""
    path = {"workspace": stopped["id"]}
    calls = [
        sends(scenario, name, path, *[None] * 5)
        for name in ("favoriteWorkspaceById", "unfavoriteWorkspaceById") * 2
    ]
    for answer in [a for row in together(scenario.wire, *calls) for a in row]:
        if answer.status != 204:
            raise Mismatch("204", answer.answer(), answer)
    marks = {view["favorite"] for view, _ in scenario.views(stopped)}
    if len(marks) != 1:
        raise Mismatch("one mark in all views", repr(marks), scenario.wire.last)
    scenario.on(stopped, "unfavoriteWorkspaceById", 204)


@MARK("concurrency/reads-during-writes")
def test_reads_during_writes(scenario: Scenario, stopped: Json) -> None:
    """Whole values, and never back to an older one."""
    path = {"workspace": stopped["id"]}
    ttls = [(minute + 1) * MINUTE for minute in range(30)]
    scenario.on(stopped, "updateWorkspaceTtlById", 204, body={"ttl_ms": ttls[0]})
    write = sends(scenario, "updateWorkspaceTtlById", path, *({"ttl_ms": t} for t in ttls))
    read = sends(scenario, GET, path, *[None] * 30)
    _, *reads = together(scenario.wire, write, read, read)
    for row in reads:
        for answer in row:
            scenario.context.expect(GET, answer, 200)
        seen = [answer.json().get("ttl_ms") for answer in row]
        if not set(seen) <= set(ttls) or seen != sorted(seen):
            raise Mismatch("values as they were written, in that order", repr(seen), row[-1])


@MARK("concurrency/deletion")
def test_deletion(scenario: Scenario, shared: Shared) -> None:
    """Either it is there, or it is gone for good."""
    for row in shared.burial().reads:
        scenario.context.checked += len(row)
        statuses = [answer.status for answer in row]
        if set(statuses) - {200, 410} or statuses != sorted(statuses):
            short = repr(list(dict.fromkeys(statuses)))
            raise Mismatch("200, and after the first 410 nothing else", short, row[-1])
