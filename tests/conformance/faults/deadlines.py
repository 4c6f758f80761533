"""Faults of new deadlines: how far they can be moved, and what moves with them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tests.conformance.faults.pieces.answers import says
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.past import once_seen
from tests.conformance.faults.pieces.places import EXTEND, SEEN
from tests.conformance.faults.pieces.requests import changed_text, field, identifier, parent
from tests.conformance.faults.pieces.workspaces import put
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Call,
    Fault,
    Json,
    on_success,
    on_workspaces,
)


def _ahead(call: Call) -> float:
    """Minutes from now to the deadline that is asked for."""
    try:
        wanted = datetime.fromisoformat(str(field(call, "deadline")))
        return (wanted - datetime.now(UTC)).total_seconds() / 60
    except (ValueError, TypeError):
        return 0.0


def _sooner(text: str) -> str:
    """28 to 29 minutes ahead become 30."""
    try:
        wanted = datetime.fromisoformat(text)
        ahead = (wanted - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return text
    return (wanted + timedelta(minutes=3)).isoformat() if 27 * 60 < ahead < 29 * 60 else text


def _whole_minutes(text: str) -> str:
    return re.sub(r"(T\d\d:\d\d):\d\d(\.\d+)?", r"\1:00", text)


class _OnlyAhead:
    """Refuses deadlines before the one that was shown last."""

    def __init__(self) -> None:
        self.deadlines: dict[str, str] = {}

    def see(self, answer: Answer) -> None:
        """Note the deadline of each workspace that is shown."""
        on_workspaces(self._note)(answer)

    def _note(self, shown: Json) -> None:
        self.deadlines[shown["id"]] = shown["latest_build"]["deadline"] or ""

    def refuses(self, call: Call) -> bool:
        """Whether a deadline is too early."""
        now, new = self.deadlines.get(identifier(call)), field(call, "deadline")
        if call.method != "PUT" or not now or not isinstance(new, str):
            return False
        try:
            return datetime.fromisoformat(new) < datetime.fromisoformat(now)
        except (ValueError, TypeError):
            return False


def _touched(shown: Json) -> None:
    shown["updated_at"] = shown["latest_build"]["updated_at"]


_AHEAD = _OnlyAhead()


FAULTS: list[Fault] = [
    at(
        ("GET|PUT", f"{SHOWS}|{WORKSPACE}/extend"),
        "deadlines-only-move-ahead",
        "A deadline before the present one is refused.",
        "extend/earlier",
        EXTEND,
        refuse=_AHEAD.refuses,
        alter=_AHEAD.see,
    ),
    at(
        EXTEND,
        "deadlines-beyond-a-day-are-refused",
        "A deadline more than a day ahead is refused.",
        "extend/far-ahead",
        refuse=lambda c: _ahead(c) > 1441,
    ),
    named(
        EXTEND,
        "a-deadline-sets-the-ttl",
        "extend/keeps-the-ttl",
        also=lambda c: ("PUT", f"{parent(c)}/ttl", {"ttl_ms": 660_000}),
    ),
    at(
        EXTEND,
        "deadlines-in-the-past-are-accepted",
        "A deadline in the past is accepted.",
        "extend/limits",
        alter=says(
            200,
            "Deadline updated to 2026-01-01T00:00:00Z.",
            lambda a: a.status == 400 and a.call is not None and _ahead(a.call) < 0,
        ),
    ),
    at(
        EXTEND,
        "manual-ones-can-be-extended",
        "A workspace without a deadline can get one.",
        "extend/manual",
        alter=says(
            200,
            "Deadline updated to 2031-01-01T00:00:00Z.",
            lambda a: a.status == 409 and b"manual" in a.body,
        ),
    ),
    named(
        EXTEND,
        "the-deadline-is-not-named",
        "extend/moves-the-deadline",
        alter=on_success(put("Done.", "message")),
    ),
    at(
        EXTEND,
        "extension-counts-as-following",
        "A new deadline turns updates on.",
        "extend/moves-the-deadline",
        also=lambda c: ("PUT", f"{parent(c)}/autoupdates", {"automatic_updates": "always"}),
    ),
    named(
        EXTEND,
        "a-deadline-loses-its-seconds",
        "extend/moves-the-deadline",
        rewrite=changed_text("deadline", _whole_minutes),
    ),
    named(
        EXTEND,
        "the-zone-of-a-deadline-is-lost",
        "extend/moves-the-deadline",
        rewrite=changed_text("deadline", lambda t: re.sub(r"[+-]\d\d:\d\d$", "Z", t)),
    ),
    at(
        EXTEND,
        "half-an-hour-is-too-soon",
        "A deadline in half an hour is refused.",
        "extend/shortest",
        refuse=lambda c: 29.5 < _ahead(c) < 40,
    ),
    named(
        EXTEND,
        "28-minutes-are-accepted",
        "extend/shortest",
        rewrite=changed_text("deadline", _sooner),
    ),
    at(
        SEEN,
        "builds-are-never-updated",
        "The moment of a build's last change stays when its deadline moves.",
        "extend/touches-the-build",
        EXTEND,
        alter=once_seen("latest_build", "updated_at", key=lambda w: str(w["latest_build"]["id"])),
    ),
    at(
        SEEN,
        "builds-update-workspaces",
        "A workspace was changed last when its build was.",
        "extend/touches-the-build",
        EXTEND,
        alter=on_workspaces(_touched),
    ),
    at(
        EXTEND,
        "deadlines-have-no-fractions",
        "A deadline with a fraction of a second is refused.",
        "extend/zones-and-fractions",
        refuse=lambda c: bool(re.search(r":\d\d\.\d", str(field(c, "deadline")))),
    ),
    at(
        EXTEND,
        "deadlines-are-in-utc",
        "A deadline with an offset is refused.",
        "extend/zones-and-fractions",
        refuse=lambda c: bool(re.search(r"T.*[+-]\d\d:\d\d$", str(field(c, "deadline")))),
    ),
]
