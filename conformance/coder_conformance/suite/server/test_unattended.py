"""What happens to workspaces that nobody does anything with, once their time has come."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from coder_conformance.context import Context
from coder_conformance.exchange import Exchange
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.unattended import AUTOSTART, Unattended

Json = dict[str, Any]
MARK = pytest.mark.requirement
pytestmark = pytest.mark.late
# Servers look once a minute, and may be busy with others.
PATIENCE = timedelta(minutes=3)
# How far the clocks of server and suite may lie apart.
SKEW = timedelta(seconds=15)


@pytest.fixture
def unattended(context: Context, shared: Shared) -> Unattended:
    """The workspaces that were left alone when the run began."""
    if not context.theirs().template.get("allow_user_autostart", True):
        raise DoesNotApplyError("the template allows no schedules")
    return shared.unattended(context.theirs())


def wait(left: Unattended, workspace: Json, since: datetime, holds: Callable[[Json], bool]) -> Json:
    """The workspace once something holds of it, or when it should have held for long."""
    limit = since + PATIENCE
    while True:
        shown = left.world.read(workspace["id"])
        if holds(shown) or left.world.now() > limit:
            return shown
        time.sleep(1)


def last_answer(left: Unattended) -> Exchange:
    """What showed the workspace."""
    assert left.world.wire.last is not None
    return left.world.wire.last


def built(left: Unattended, before: Json, shown: Json, transition: str, reason: str) -> None:
    """The latest build is the next one and came by itself."""
    build, last = shown["latest_build"], before["latest_build"]
    seen = (build["build_number"], build["transition"], build["reason"])
    wanted = (last["build_number"] + 1, transition, reason)
    if seen != wanted:
        raise Mismatch(f"build, transition and reason {wanted}", repr(seen), last_answer(left))


@MARK("lifecycle/autostart")
def test_autostart(context: Context, unattended: Unattended) -> None:
    """At its minute or soon after, and the dormant one not even then."""
    left = unattended
    for answer in left.answers:
        context.expect(AUTOSTART, answer, 204)
    number = left.starter["latest_build"]["build_number"]
    shown = wait(left, left.starter, left.due, lambda w: w["latest_build"]["build_number"] > number)
    built(left, left.starter, shown, "start", "autostart")
    started = datetime.fromisoformat(shown["latest_build"]["created_at"])
    if started < left.due - SKEW:
        raise Mismatch(f"a start not before {left.due}", str(started), last_answer(left))
    sleeps = left.world.read(left.sleeper["id"])
    if sleeps["latest_build"]["id"] != left.sleeper["latest_build"]["id"]:
        actual = f"a {sleeps['latest_build']['transition']}"
        raise Mismatch("no build of the dormant workspace", actual, last_answer(left))


@MARK("lifecycle/autostop")
def test_autostop(unattended: Unattended) -> None:
    """A minute after its start had ended or soon after."""
    left = unattended
    build = left.stopper["latest_build"]
    if build["deadline"] is None:
        raise Mismatch("a deadline", "none", last_answer(left))
    deadline = datetime.fromisoformat(build["deadline"])
    number = build["build_number"]
    shown = wait(left, left.stopper, deadline, lambda w: w["latest_build"]["build_number"] > number)
    built(left, left.stopper, shown, "stop", "autostop")
    stopped = datetime.fromisoformat(shown["latest_build"]["created_at"])
    if stopped < deadline:
        raise Mismatch(f"a stop not before {deadline}", str(stopped), last_answer(left))


@MARK("usage/is-the-last-use")
def test_usage(unattended: Unattended) -> None:
    """What was used has been used since; what was not, has not."""
    left = unattended
    # What was made a moment before has been used a moment before.
    since = max(left.rested + timedelta(microseconds=1), left.used - SKEW)

    def last_use(workspace: Json) -> datetime:
        return datetime.fromisoformat(workspace["last_used_at"])

    shown = wait(left, left.starter, left.used, lambda w: last_use(w) >= since)
    if last_use(shown) < since:
        expected = f"last_used_at from {left.used} on; it was {left.rested} before"
        raise Mismatch(expected, str(last_use(shown)), last_answer(left))
    other = left.world.read(left.sleeper["id"])
    if other["last_used_at"] != left.sleeper["last_used_at"]:
        expected = f"last_used_at = {left.sleeper['last_used_at']} of the one that sleeps"
        raise Mismatch(expected, other["last_used_at"], last_answer(left))
