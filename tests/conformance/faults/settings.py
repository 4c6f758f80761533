"""Faults of settings beside each other: one changes another, or nothing at all."""

from __future__ import annotations

from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    AUTOSTART,
    DORMANT,
    MARK,
    RENAME,
    TTL,
    UPDATES,
    USAGE,
)
from tests.conformance.faults.pieces.requests import parent
from tests.conformance.faulty import Fault

FAULTS: list[Fault] = [
    at(
        UPDATES,
        "updates-clear-the-schedule",
        "A new mode of updates removes the schedule.",
        "settings/independent",
        also=lambda c: ("PUT", f"{parent(c)}/autostart", {}),
    ),
    named(
        TTL,
        "a-ttl-changes-the-updates",
        "settings/independent",
        also=lambda c: ("PUT", f"{parent(c)}/autoupdates", {"automatic_updates": "always"}),
    ),
    named(
        AUTOSTART,
        "a-schedule-changes-the-ttl",
        "settings/independent",
        also=lambda c: ("PUT", f"{parent(c)}/ttl", {"ttl_ms": 660_000}),
    ),
    named(
        MARK,
        "a-mark-sets-the-ttl",
        "settings/independent",
        also=lambda c: ("PUT", f"{parent(c)}/ttl", {"ttl_ms": 660_000}),
    ),
    named(
        USAGE,
        "use-marks-a-workspace",
        "settings/independent",
        also=lambda c: ("PUT", f"{parent(c)}/favorite", None),
    ),
    at(
        DORMANT,
        "dormancy-removes-the-mark",
        "A change of dormancy removes the mark.",
        "settings/real-changes",
        also=lambda c: ("DELETE", f"{parent(c)}/favorite", None),
    ),
    at(
        USAGE,
        "use-ends-dormancy",
        "Reported use makes a workspace active.",
        "settings/real-changes",
        also=lambda c: ("PUT", f"{parent(c)}/dormant", {"dormant": False}),
    ),
    at(
        RENAME,
        "a-rename-removes-the-mark",
        "A renamed workspace loses its mark.",
        "settings/real-changes",
        also=lambda c: ("DELETE", f"{c.path}/favorite", None),
    ),
]
