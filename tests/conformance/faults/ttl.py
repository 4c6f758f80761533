"""Faults of the time to stop: how it is stored, and when it counts."""

from __future__ import annotations

import re

from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.past import Memory, dormant, in_status, minding, remembering
from tests.conformance.faults.pieces.places import BY_NAME, GET, LIST, LONGEST, SHOWN, TTL
from tests.conformance.faults.pieces.requests import (
    changed_ttl,
    deadline_in,
    field,
    lacks,
    ttl,
    workspace_path,
)
from tests.conformance.faults.pieces.searches import replaced
from tests.conformance.faults.pieces.workspaces import is_stopped, moved_by, only, put
from tests.conformance.faulty import Answer, Fault, Json, on_workspaces


def _ttl_in_seconds(workspace: Json) -> None:
    if "ttl_ms" in workspace:
        workspace["ttl_ms"] //= 1000


class _Stale:
    """Shows each answer one request late."""

    def __init__(self) -> None:
        self.last: dict[str, bytes] = {}

    def __call__(self, answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None:
            key = f"{answer.call.path}?{answer.call.query}{sorted(answer.call.headers.items())!r}"
            key = re.sub(r"'(user-agent|x-schemathesis[^']*)', '[^']*'", "", key)
            fresh = answer.body
            answer.body = self.last.get(key, fresh)
            self.last[key] = fresh


def _keeps_deadline(answer: Answer, memory: Memory) -> None:
    """Go on showing the deadline of a start that has none any more."""

    def change(workspace: Json) -> None:
        before = memory.shown.get(workspace["id"])
        build = workspace["latest_build"]
        if before and before["latest_build"]["id"] == build["id"] and not build["deadline"]:
            build["deadline"] = before["latest_build"]["deadline"]

    on_workspaces(change)(answer)


def _from_its_beginning(workspace: Json) -> None:
    """Count the time from the creation of the job, a minute before which nobody came."""
    build = workspace["latest_build"]
    if build["deadline"] and build["build_number"] > 1:
        build["deadline"] = moved_by(build["deadline"], minutes=-1)


class _Older:
    """Counts the next start's deadline with the time that was set before the last one."""

    def __init__(self) -> None:
        self.first: dict[str, int] = {}

    def __call__(self, workspace: Json) -> None:
        build, now = workspace["latest_build"], workspace.get("ttl_ms") or 0
        first = self.first.setdefault(workspace["id"], now)
        if build["deadline"] and build["build_number"] > 1 and now != first:
            build["deadline"] = moved_by(build["deadline"], milliseconds=first - now)


FAULTS: list[Fault] = [
    remembering(
        "a-cleared-time-keeps-the-deadline",
        TTL,
        "ttl/clearing-ends-the-deadline",
        "The deadline of a build stays when the time to stop is removed.",
        _keeps_deadline,
    ),
    at(
        TTL,
        "an-absent-ttl-is-refused",
        "A body without the field is refused.",
        "ttl/clears",
        refuse=lacks("ttl_ms"),
    ),
    named(
        TTL,
        "a-ttl-of-zero-is-refused",
        "ttl/clears",
        refuse=lambda c: field(c, "ttl_ms") == 0 and "ttl_ms" in c.json,
    ),
    at(
        SHOWN,
        "starts-count-with-the-time-before",
        "The next start counts with the time to stop that was set first.",
        "ttl/counts-from-the-next-start",
        TTL,
        alter=on_workspaces(_Older()),
    ),
    at(
        SHOWN,
        "starts-count-a-minute-less",
        "The deadline of a start is a minute too early.",
        "ttl/counts-from-the-next-start",
        TTL,
        alter=on_workspaces(_from_its_beginning),
    ),
    minding(
        "the-dormant-get-no-time-to-stop",
        TTL,
        "ttl/in-any-state",
        "The time to stop of a dormant workspace cannot be set.",
        dormant,
        refusal=409,
    ),
    minding(
        "the-deleted-get-no-time-to-stop",
        TTL,
        "ttl/in-any-state",
        "The time to stop of a deleted workspace cannot be set.",
        in_status("deleted"),
        refusal=404,
    ),
    at(
        TTL,
        "a-time-moves-the-deadline",
        "A new time to stop counts from now on for the running build as well.",
        "ttl/keeps-the-deadline",
        also=lambda c: (
            [("PUT", f"{workspace_path(c)}/extend", deadline_in(ttl(c) / 60_000))]
            if ttl(c) > 1_800_000
            else []
        ),
    ),
    at(
        LIST,
        "me-is-nobody-in-searches",
        "A search for owner:me finds nothing.",
        "ttl/reads-back",
        TTL,
        rewrite=replaced(r"owner:\"?me\b", "owner:nobody-of-this-name"),
    ),
    at(
        TTL,
        "ttls-above-a-week-are-refused",
        "More than a week is refused.",
        "ttl/reads-back",
        refuse=lambda c: 604_800_000 < ttl(c) <= LONGEST,
    ),
    named(TTL, "a-ttl-is-not-stored", "ttl/reads-back", drop=True),
    named(
        TTL,
        "a-ttl-loses-hours-beyond-a-day",
        "ttl/reads-back",
        rewrite=changed_ttl(lambda t: min(t, 86_400_000) if 0 < t <= LONGEST else t),
    ),
    named(
        SHOWN,
        "a-ttl-is-shown-in-seconds",
        "ttl/reads-back",
        TTL,
        alter=on_workspaces(_ttl_in_seconds),
    ),
    named(GET, "reads-are-one-request-late", "ttl/reads-back", TTL, alter=_Stale()),
    named(BY_NAME, "names-are-read-one-request-late", "ttl/reads-back", TTL, alter=_Stale()),
    at(
        SHOWN,
        "failing-agents-are-null-when-stopped",
        "A stopped workspace's list of failing agents is null.",
        "ttl/reads-back",
        TTL,
        alter=on_workspaces(only(is_stopped, put(None, "health", "failing_agents"))),
    ),
]
