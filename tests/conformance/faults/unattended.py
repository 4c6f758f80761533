"""Faults of what happens by itself, in time: starts, stops, and what use does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import AUTOSTART, SHOWN, TTL, USAGE
from tests.conformance.faults.pieces.requests import field
from tests.conformance.faulty import Call, Fault, Further

# Longer than any run.
NEVER = {"tick_seconds": 86_400.0}


def _later(call: Call) -> Further:
    """Move the deadline, whatever it is and whether an app was named or not."""
    later = datetime.now(UTC) + timedelta(minutes=45)
    return "PUT", call.path.replace("/usage", "/extend"), {"deadline": later.isoformat()}


FAULTS: list[Fault] = [
    at(
        AUTOSTART,
        "schedules-start-nothing",
        "A schedule is kept, and nothing is started by it.",
        "lifecycle/autostart",
        deployment=NEVER,
        profile="full",
    ),
    at(
        SHOWN,
        "deadlines-stop-nothing",
        "A deadline passes, and nothing is stopped.",
        "lifecycle/autostop",
        TTL,
        deployment=NEVER,
        profile="full",
    ),
    at(
        USAGE,
        "use-is-never-noted",
        "Reports of use change nothing, ever.",
        "usage/is-the-last-use",
        drop=True,
        when=lambda c: not c.body,
        profile="full",
    ),
    at(
        USAGE,
        "use-moves-no-deadline",
        "Use by an app leaves the deadline where it is.",
        "usage/moves-the-deadline",
        drop=True,
        when=lambda c: bool(field(c, "app_name") and field(c, "agent_id")),
    ),
    at(
        USAGE,
        "use-moves-deadlines-by-less",
        "Use moves the deadline to less than an hour from now, also use that names no app.",
        "usage/moves-the-deadline",
        also=_later,
    ),
]
