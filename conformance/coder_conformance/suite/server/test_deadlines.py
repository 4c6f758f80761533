"""Times until a stop and deadlines: both sides of every limit, and what one does to the other."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance.cycle import deadlines
from coder_conformance.evidence import Turn
from coder_conformance.exchange import Exchange
from coder_conformance.results import CannotJudgeError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario, has_deadline

Json = dict[str, Any]
MARK = pytest.mark.requirement
TTL = "updateWorkspaceTtlById"
EXTEND = "extendWorkspaceDeadlineById"
MINUTE = 60_000
LONGEST = 2_592_000_000


def keeps(scenario: Scenario, workspace: Json, *ttls: Any) -> None:
    """Each of these times is refused by name, and the stored one stays."""
    scenario.on(workspace, TTL, 204, body={"ttl_ms": 7 * MINUTE})
    for ttl in ttls:
        scenario.refused(scenario.on(workspace, TTL, 400, body={"ttl_ms": ttl}), "ttl_ms")
    scenario.shows(workspace, ttl_ms=7 * MINUTE)


def stores(scenario: Scenario, workspace: Json, *pairs: tuple[int, int]) -> None:
    """Each of these times is shown as the other one."""
    for ttl, shown in pairs:
        scenario.on(workspace, TTL, 204, body={"ttl_ms": ttl})
        scenario.shows(workspace, ttl_ms=shown)


@MARK("ttl/clears")
def test_clears(scenario: Scenario, stopped: Json) -> None:
    """Three ways to say none, again and again."""
    for cleared in ({"ttl_ms": None}, {"ttl_ms": 0}, {}):
        stores(scenario, stopped, (MINUTE, MINUTE))
        for _ in range(2):
            scenario.on(stopped, TTL, 204, body=cleared)
            scenario.shows(stopped, ttl_ms=None)


@MARK("ttl/minimum")
def test_minimum(scenario: Scenario, stopped: Json) -> None:
    """A minute, and anything less."""
    keeps(scenario, stopped, 1, 999, 1000, 30_000, 59_000, 59_999)
    stores(scenario, stopped, (MINUTE, MINUTE), (MINUTE + 1, MINUTE), (61_000, MINUTE))


@MARK("ttl/maximum")
def test_maximum(scenario: Scenario, stopped: Json) -> None:
    """Thirty days, and the first whole minute more."""
    keeps(scenario, stopped, LONGEST + MINUTE, LONGEST + 2 * MINUTE, 2 * LONGEST, 2**40, 2**53)
    below = LONGEST - MINUTE
    stores(scenario, stopped, (LONGEST - 1, below), (LONGEST, LONGEST), (LONGEST + 59_999, LONGEST))


@MARK("ttl/negative")
def test_negative(scenario: Scenario, stopped: Json) -> None:
    """However small."""
    keeps(scenario, stopped, -1, -59_999, -MINUTE, -MINUTE - 1, -LONGEST, -(2**40))


@MARK("ttl/whole-numbers")
def test_whole_numbers(scenario: Scenario, stopped: Json) -> None:
    """Undecodable, which is not the same as out of range: no field is named."""
    stores(scenario, stopped, (7 * MINUTE, 7 * MINUTE))
    for text in ("60000.0", "60000.5", "6e4", "6E4", '"60000"', "true", "[60000]", "{}",
                 "9223372036854775808", "-9223372036854775809", "1e400", "060000",
                 "+60000"):  # fmt: skip
        answer = scenario.on(stopped, TTL, 400, content=f'{{"ttl_ms": {text}}}'.encode())
        scenario.refused(answer)
    scenario.shows(stopped, ttl_ms=7 * MINUTE)


@MARK("ttl/huge")
def test_huge(scenario: Scenario, stopped: Json) -> None:
    """They may overflow inside, and must not break anything."""
    for ttl in (2**63 - 1, -(2**63), 2**62, 9_223_372_036_854, 9_223_372_036_855):
        scenario.on(stopped, TTL, 204, 400, body={"ttl_ms": ttl})
    stores(scenario, stopped, (MINUTE, MINUTE))


@MARK("ttl/messages")
def test_messages(scenario: Scenario, stopped: Json) -> None:
    """Too short or too long."""
    for ttl, said in (
        (59_999, "time until shutdown must be at least one minute"),
        (-1, "time until shutdown must be at least one minute"),
        (LONGEST + MINUTE, "time until shutdown must be less than 30 days"),
    ):
        answer = scenario.on(stopped, TTL, 400, body={"ttl_ms": ttl})
        body = answer.json()
        right = body["message"] == "Error updating workspace time until shutdown."
        if not right or body["validations"][0]["detail"] != said:
            raise Mismatch(f"a validation {said!r}", answer.answer(), answer)


@MARK("ttl/keeps-the-deadline")
def test_keeps_the_deadline(scenario: Scenario, running: Json) -> None:
    """It is for the next start."""
    for ttl in (MINUTE, 2 * 3_600_000, LONGEST):
        stores(scenario, running, (ttl, ttl))
        scenario.unchanged(running, running, "ttl_ms")


@MARK("ttl/clearing-ends-the-deadline")
def test_clearing_ends_the_deadline(scenario: Scenario, shared: Shared) -> None:
    """Nothing stops it any more, unless the template has a last word."""
    workspace = shared.running()
    for cleared in (None, 0):
        stores(scenario, workspace, (8 * 3_600_000, 8 * 3_600_000))
        scenario.on(workspace, TTL, 204, body={"ttl_ms": cleared})
        for view, answer in scenario.views(workspace):
            build = view["latest_build"]
            if build["deadline"] != build["max_deadline"]:
                expected = f"the deadline {build['max_deadline']}"
                raise Mismatch(expected, str(build["deadline"]), answer)


@MARK("ttl/counts-from-the-next-start")
def test_counts_from_the_next_start(scenario: Scenario, stopped: Json) -> None:
    """To the second, after a start by hand."""
    scenario.on(stopped, "updateWorkspaceAutostartScheduleById", 204, body={})
    stores(scenario, stopped, (5 * 3_600_000, 5 * 3_600_000))
    started = scenario.world.build(stopped["id"], "start")
    has_deadline(started["latest_build"], timedelta(hours=5), scenario.wire.last)
    stores(scenario, stopped, (MINUTE * 90, MINUTE * 90))
    build = scenario.world.read(stopped["id"])["latest_build"]
    has_deadline(build, timedelta(hours=5), scenario.wire.last)
    scenario.world.build(stopped["id"], "stop")


def ahead(scenario: Scenario, **delta: float) -> datetime:
    """A whole second that far from now, by the server's clock."""
    return scenario.world.later(**delta)


def moves(
    scenario: Scenario, workspace: Json, instant: datetime, text: str | None = None
) -> Exchange:
    """The deadline is accepted and shown everywhere."""
    body = {"deadline": text or instant.isoformat()}
    answer = scenario.on(workspace, EXTEND, 200, body=body)
    for view, seen in scenario.views(workspace):
        shown = view["latest_build"]["deadline"]
        if shown is None or abs((datetime.fromisoformat(shown) - instant).total_seconds()) >= 1:
            raise Mismatch(f"the deadline {instant.isoformat()}", str(shown), seen)
    return answer


def stays(scenario: Scenario, workspace: Json, *texts: Any) -> None:
    """Each of these deadlines is refused, and the present one stays."""
    before = scenario.world.read(workspace["id"])
    for text in texts:
        scenario.on(workspace, EXTEND, 400, body={"deadline": text})
    scenario.unchanged(before, workspace)


def limited() -> NoReturn:
    """The template has the last word on deadlines."""
    # Another template would show it, so it applies and is not tested.
    pytest.skip("the template sets a maximal deadline")


@MARK("extend/shortest")
def test_shortest(scenario: Scenario, running: Json) -> None:
    """Half a minute on either side of 29 minutes, for the clocks' sake."""
    moves(scenario, running, ahead(scenario, hours=3))
    for minutes in (28.5, 20, 1, 0, -1, -60, -60 * 24 * 3650):
        stays(scenario, running, ahead(scenario, minutes=minutes).isoformat())
    for minutes in (29.5, 30, 31):
        moves(scenario, running, ahead(scenario, minutes=minutes))


@MARK("extend/earlier")
def test_earlier(scenario: Scenario, running: Json) -> None:
    """Not only later."""
    for hours in (9, 5, 2, 1, 6):
        moves(scenario, running, ahead(scenario, hours=hours))


@MARK("extend/far-ahead")
def test_far_ahead(scenario: Scenario, running: Json) -> None:
    """Years, unless the template has a last word."""
    if running["latest_build"]["max_deadline"] is not None:
        limited()
    for days in (31, 400, 36_500):
        moves(scenario, running, ahead(scenario, days=days))
    moves(scenario, running, ahead(scenario, hours=8))


@MARK("extend/message")
def test_message(scenario: Scenario, running: Json) -> None:
    """In UTC, whatever zone was sent."""
    for offset in (0, 5, -7):
        instant = ahead(scenario, hours=4)
        local = instant.astimezone(timezone(timedelta(hours=offset)))
        answer = moves(scenario, running, instant, local.isoformat())
        expected = {"message": f"Deadline updated to {instant.strftime('%Y-%m-%dT%H:%M:%SZ')}."}
        if answer.json() != expected:
            raise Mismatch(repr(expected), answer.answer(), answer)


@MARK("extend/zones-and-fractions")
def test_zones_and_fractions(scenario: Scenario, running: Json) -> None:
    """The same instant in many spellings."""

    @given(st.integers(-12 * 60, 14 * 60), st.integers(0, 9), st.integers(3600, 86_400))
    def check(offset: int, digits: int, seconds: int) -> None:
        instant = ahead(scenario, seconds=seconds)
        local = instant.astimezone(timezone(timedelta(minutes=offset)))
        fraction = "." + "123456789"[:digits] if digits else ""
        stamp = local.strftime("%Y-%m-%dT%H:%M:%S")
        zone = local.strftime("%z")
        moves(scenario, running, instant, f"{stamp}{fraction}{zone[:3]}:{zone[3:]}")

    check()


@MARK("extend/bad-times")
def test_bad_times(scenario: Scenario, running: Json) -> None:
    """Undecodable."""
    good = ahead(scenario, hours=3)
    naive = good.replace(tzinfo=None)
    stays(
        scenario,
        running,
        naive.isoformat(),
        good.date().isoformat(),
        int(good.timestamp()),
        str(int(good.timestamp())),
        f"{naive.isoformat()}+0100",
        f"{naive.isoformat()}z ",
        f"{naive.date().isoformat()}T25:00:00Z",
        f"{naive.year}-02-30T10:00:00Z",
        f"{naive.date().isoformat()}T10:00Z",
        "",
        "tomorrow",
        True,
        ["x"],
    )


@MARK("extend/missing")
def test_missing(scenario: Scenario, running: Json) -> None:
    """None at all, in four ways."""
    for body in ({}, {"deadline": None}, {"deadline": "0001-01-01T00:00:00Z"}, None):
        answer = scenario.on(running, EXTEND, 400, body=body)
        scenario.refused(answer, "deadline")
    scenario.unchanged(running, running)


@MARK("extend/too-soon-message")
def test_too_soon_message(scenario: Scenario, running: Json) -> None:
    """One sentence."""
    answer = scenario.on(
        running, EXTEND, 400, body={"deadline": ahead(scenario, minutes=5).isoformat()}
    )
    said = "Cannot extend workspace: new deadline must be at least 30 minutes in the future"
    if answer.json() != {"message": said}:
        raise Mismatch(said, answer.answer(), answer)


def conflicts(scenario: Scenario, answers: dict[str, Exchange], *words: str) -> None:
    """409 with these words for whatever could be a deadline, and 400 for the rest."""
    for what, answer in answers.items():
        possible = what in {"good", "too soon"}
        scenario.context.expect(EXTEND, answer, 409 if possible else 400)
        if possible and not any(word in answer.json()["message"] for word in words):
            raise Mismatch(f"a message with {' or '.join(words)}", answer.answer(), answer)


def asked(scenario: Scenario, workspace: Json) -> dict[str, Exchange]:
    """The answers to deadlines of all kinds, none of which has moved anything."""
    before = scenario.world.read(workspace["id"], include_deleted=True)
    path = {"workspace": workspace["id"]}
    ask = scenario.world.ask
    answers = {
        what: ask(EXTEND, path, body=body) for what, body in deadlines(scenario.world).items()
    }
    after = scenario.world.read(workspace["id"], include_deleted=True)
    if after["latest_build"]["deadline"] != before["latest_build"]["deadline"]:
        raise Mismatch("the deadline to stay", repr(after["latest_build"]["deadline"]))
    return answers


@MARK("extend/stopped")
def test_stopped(scenario: Scenario, stopped: Json) -> None:
    """Its state is named."""
    conflicts(scenario, asked(scenario, stopped), "stop")


@MARK("extend/deleted")
def test_deleted(scenario: Scenario, deleted: Json) -> None:
    """Its state is named."""
    conflicts(scenario, asked(scenario, deleted), "delete")


def without_deadline(shared: Shared) -> Turn:
    """A start of a workspace that has no time to stop."""
    for turn in shared.cycle().turns:
        if turn.early is not None and turn.steps:
            return turn
    raise CannotJudgeError("a start was refused")


@MARK("extend/building")
def test_building(scenario: Scenario, shared: Shared) -> None:
    """As long as the build goes on."""
    turn = without_deadline(shared)
    if turn.steps[0].json()["latest_build"]["job"]["status"] not in {"pending", "running"}:
        raise CannotJudgeError("the build was over before it could be judged")
    assert turn.early is not None
    scenario.context.expect(EXTEND, turn.early, 409)


@MARK("extend/manual")
def test_manual(scenario: Scenario, shared: Shared) -> None:
    """Nothing to move."""
    turn = without_deadline(shared)
    if turn.steps[-1].json()["latest_build"]["deadline"] is not None:
        limited()
    conflicts(scenario, turn.late, "manual")


@MARK("extend/conflict-messages")
def test_conflict_messages(scenario: Scenario, shared: Shared) -> None:
    """One sentence for each reason."""
    turn = without_deadline(shared)
    told: list[tuple[Exchange | None, str]] = [
        (turn.early, "Workspace is still building!"),
        (turn.late.get("good"), "Workspace shutdown is manual."),
    ]
    must = "Workspace must be started, current status:"
    for workspace, state in ((shared.stopped(), "stop"), (shared.deleted(), "delete")):
        told.append((asked(scenario, workspace)["good"], f"{must} {state}"))
    for answer, said in told:
        # What is no conflict is judged elsewhere.
        if answer is not None and answer.status == 409 and answer.json() != {"message": said}:
            raise Mismatch(said, answer.answer(), answer)


@MARK("extend/missing-message")
def test_missing_message(scenario: Scenario, running: Json) -> None:
    """As for every field that is required, with the zero time as its value."""
    detail = 'Validation failed for tag "required" with value: "0001-01-01 00:00:00 +0000 UTC"'
    entry = {"field": "deadline", "detail": detail}
    expected = {"message": "Validation failed.", "validations": [entry]}
    for body in ({}, {"deadline": None}, {"deadline": "0001-01-01T00:00:00Z"}):
        answer = scenario.on(running, EXTEND, 400, body=body)
        if answer.json() != expected:
            raise Mismatch(repr(expected), answer.answer(), answer)


@MARK("extend/keeps-the-ttl")
def test_keeps_the_ttl(scenario: Scenario, running: Json) -> None:
    """The next start is another matter."""
    stores(scenario, running, (2 * 3_600_000, 2 * 3_600_000))
    moves(scenario, running, ahead(scenario, hours=7))
    scenario.shows(running, ttl_ms=2 * 3_600_000)


@MARK("extend/touches-the-build")
def test_touches_the_build(scenario: Scenario, running: Json) -> None:
    """The build was updated, the workspace was not."""
    moves(scenario, running, ahead(scenario, hours=6))
    after = scenario.world.read(running["id"])
    was, is_now = (
        datetime.fromisoformat(w["latest_build"]["updated_at"]) for w in (running, after)
    )
    if is_now <= was or after["updated_at"] != running["updated_at"]:
        raise Mismatch(f"a build updated after {was}", str(is_now), scenario.wire.last)
