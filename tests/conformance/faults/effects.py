"""Faults of effects: updates that are lost, partial or rounded, limits, stale reads."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.faults.kit import ACL, MARK, PATHS, RENAME, UNMARK, USAGE
from tests.conformance.faulty import (
    SHOWS,
    WORKSPACE,
    Answer,
    Call,
    Fault,
    on_success,
    on_workspaces,
)

Json = dict[str, Any]
GET, LIST, TTL = "getWorkspaceMetadataById", "listWorkspaces", "updateWorkspaceTtlById"
AUTOSTART, EXTEND = "updateWorkspaceAutostartScheduleById", "extendWorkspaceDeadlineById"
DORMANT, UPDATES = "updateWorkspaceDormancyStatusById", "updateWorkspaceAutomaticUpdatesById"
CREATE = "createUserWorkspace"
LONGEST = 2_592_000_000


def _base(call: Call) -> str:
    return call.path.rsplit("/", 1)[0]


def _ttl(change: Any) -> Any:
    def rewrite(call: Call) -> None:
        value = call.json
        if isinstance(value, dict) and isinstance(value.get("ttl_ms"), int):
            call.json = {**value, "ttl_ms": change(value["ttl_ms"])}

    return rewrite


def _text(name: str, change: Any) -> Any:
    def rewrite(call: Call) -> None:
        value = call.json
        if isinstance(value, dict) and isinstance(value.get(name), str):
            call.json = {**value, name: change(value[name])}

    return rewrite


def _field(call: Call, name: str) -> Any:
    value = call.json
    return value.get(name) if isinstance(value, dict) else None


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


def _deadline_late(workspace: Json) -> None:
    build = workspace["latest_build"]
    if build["deadline"]:
        moved = datetime.fromisoformat(build["deadline"]) + timedelta(hours=1)
        build["deadline"] = moved.isoformat().replace("+00:00", "Z")


def _next_start_late(workspace: Json) -> None:
    if workspace["next_start_at"]:
        moved = datetime.fromisoformat(workspace["next_start_at"]) + timedelta(hours=1)
        workspace["next_start_at"] = moved.isoformat().replace("+00:00", "Z")


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


class _Swapped:
    """Answers with the workspace that was asked for before."""

    def __init__(self) -> None:
        self.last: Json | None = None

    def __call__(self, answer: Answer) -> None:
        if answer.status == 200:
            fresh = answer.json
            if self.last is not None:
                answer.json = self.last
            self.last = copy.deepcopy(fresh)


def _no_mark_in_list(workspace: Json) -> None:
    workspace["favorite"] = False


def _never_dormant(workspace: Json) -> None:
    workspace["dormant_at"] = None


def _number_off(workspace: Json) -> None:
    if workspace["latest_build"]["build_number"] > 2:
        workspace["latest_build"]["build_number"] += 1


def _no_next_start(workspace: Json) -> None:
    workspace["next_start_at"] = None


FAULTS = [
    Fault("a-ttl-is-not-stored", TTL, "ttl/reads-back", "PUT", f"{WORKSPACE}/ttl", drop=True),
    Fault(
        "a-schedule-is-not-stored",
        AUTOSTART,
        "autostart/reads-back",
        "PUT",
        f"{WORKSPACE}/autostart",
        drop=True,
    ),
    Fault(
        "a-mode-is-not-stored",
        UPDATES,
        "autoupdates/reads-back",
        "PUT",
        f"{WORKSPACE}/autoupdates",
        drop=True,
    ),
    Fault(
        "a-mark-is-not-stored",
        MARK,
        "favorite/takes-effect",
        "PUT",
        f"{WORKSPACE}/favorite",
        drop=True,
    ),
    Fault(
        "a-mark-is-not-removed",
        UNMARK,
        "unfavorite/takes-effect",
        "DELETE",
        f"{WORKSPACE}/favorite",
        drop=True,
    ),
    Fault(
        "access-is-not-stored",
        ACL,
        "acl/shares",
        "PATCH",
        f"{WORKSPACE}/acl",
        drop=True,
    ),
    Fault(
        "a-name-is-not-stored",
        RENAME,
        "rename/takes-effect",
        "PATCH",
        WORKSPACE,
        drop=True,
    ),
    Fault(
        "a-ttl-changes-the-updates",
        TTL,
        "settings/independent",
        "PUT",
        f"{WORKSPACE}/ttl",
        also=lambda c: ("PUT", f"{_base(c)}/autoupdates", {"automatic_updates": "always"}),
    ),
    Fault(
        "a-schedule-changes-the-ttl",
        AUTOSTART,
        "settings/independent",
        "PUT",
        f"{WORKSPACE}/autostart",
        also=lambda c: ("PUT", f"{_base(c)}/ttl", {"ttl_ms": 660_000}),
    ),
    Fault(
        "a-mark-sets-the-ttl",
        MARK,
        "settings/independent",
        "PUT",
        f"{WORKSPACE}/favorite",
        also=lambda c: ("PUT", f"{_base(c)}/ttl", {"ttl_ms": 660_000}),
    ),
    Fault(
        "a-deadline-sets-the-ttl",
        EXTEND,
        "extend/keeps-the-ttl",
        "PUT",
        f"{WORKSPACE}/extend",
        also=lambda c: ("PUT", f"{_base(c)}/ttl", {"ttl_ms": 660_000}),
    ),
    Fault(
        "use-marks-a-workspace",
        USAGE,
        "settings/independent",
        "POST",
        f"{WORKSPACE}/usage",
        also=lambda c: ("PUT", f"{_base(c)}/favorite", None),
    ),
    Fault(
        "a-ttl-is-rounded-up",
        TTL,
        "ttl/truncates-to-minutes",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=_ttl(lambda t: -(-t // 60_000) * 60_000 if t > 60_000 else t),
    ),
    Fault(
        "a-ttl-loses-hours-beyond-a-day",
        TTL,
        "ttl/reads-back",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=_ttl(lambda t: min(t, 86_400_000) if 0 < t <= LONGEST else t),
    ),
    Fault(
        "just-below-a-minute-is-accepted",
        TTL,
        "ttl/minimum",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=_ttl(lambda t: 60_000 if 59_000 < t < 60_000 else t),
    ),
    Fault(
        "a-minute-is-refused",
        TTL,
        "ttl/minimum",
        "PUT",
        f"{WORKSPACE}/ttl",
        refuse=lambda c: _field(c, "ttl_ms") == 60_000,
    ),
    Fault(
        "thirty-days-are-refused",
        TTL,
        "ttl/maximum",
        "PUT",
        f"{WORKSPACE}/ttl",
        refuse=lambda c: _field(c, "ttl_ms") == LONGEST,
    ),
    Fault(
        "a-minute-more-than-30-days-is-accepted",
        TTL,
        "ttl/maximum",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=_ttl(lambda t: LONGEST if LONGEST < t <= LONGEST + 60_000 else t),
    ),
    Fault(
        "minus-one-clears-the-ttl",
        TTL,
        "ttl/negative",
        "PUT",
        f"{WORKSPACE}/ttl",
        rewrite=_ttl(lambda t: 0 if t == -1 else t),
    ),
    Fault(
        "a-ttl-of-zero-is-refused",
        TTL,
        "ttl/clears",
        "PUT",
        f"{WORKSPACE}/ttl",
        refuse=lambda c: _field(c, "ttl_ms") == 0 and "ttl_ms" in c.json,
    ),
    Fault(
        "a-ttl-is-shown-in-seconds",
        TTL,
        "ttl/reads-back",
        "GET",
        SHOWS,
        on_workspaces(_ttl_in_seconds),
    ),
    Fault(
        "28-minutes-are-accepted",
        EXTEND,
        "extend/shortest",
        "PUT",
        f"{WORKSPACE}/extend",
        rewrite=_text("deadline", _sooner),
    ),
    Fault(
        "a-deadline-loses-its-seconds",
        EXTEND,
        "extend/moves-the-deadline",
        "PUT",
        f"{WORKSPACE}/extend",
        rewrite=_text("deadline", _whole_minutes),
    ),
    Fault(
        "a-time-without-a-zone-is-accepted",
        EXTEND,
        "extend/bad-times",
        "PUT",
        f"{WORKSPACE}/extend",
        rewrite=_text("deadline", lambda t: t + "Z" if re.fullmatch(r"[\d-]+T[\d:]+", t) else t),
    ),
    Fault(
        "the-zone-of-a-deadline-is-lost",
        EXTEND,
        "extend/moves-the-deadline",
        "PUT",
        f"{WORKSPACE}/extend",
        rewrite=_text("deadline", lambda t: re.sub(r"[+-]\d\d:\d\d$", "Z", t)),
    ),
    Fault(
        "deadlines-are-an-hour-late",
        GET,
        "lifecycle/deadline",
        "GET",
        SHOWS,
        on_workspaces(_deadline_late),
    ),
    Fault(
        "a-start-is-an-hour-late",
        AUTOSTART,
        "autostart/next-start",
        "GET",
        SHOWS,
        on_workspaces(_next_start_late),
    ),
    Fault(
        "there-is-no-next-start",
        AUTOSTART,
        "autostart/next-start",
        "GET",
        SHOWS,
        on_workspaces(_no_next_start),
    ),
    Fault(
        "day-7-is-sunday",
        AUTOSTART,
        "autostart/day-range",
        "PUT",
        f"{WORKSPACE}/autostart",
        rewrite=_text("schedule", lambda t: re.sub(r" 7$", " 0", t)),
    ),
    Fault(
        "minute-60-is-0",
        AUTOSTART,
        "autostart/minute-range",
        "PUT",
        f"{WORKSPACE}/autostart",
        rewrite=_text("schedule", lambda t: re.sub(r"^60 ", "0 ", t)),
    ),
    Fault(
        "days-of-the-month-are-accepted",
        AUTOSTART,
        "autostart/day-and-month",
        "PUT",
        f"{WORKSPACE}/autostart",
        rewrite=_text("schedule", lambda t: re.sub(r"^(\S+ \S+) 1 \*", r"\1 * *", t)),
    ),
    Fault(
        "zones-in-lower-case-prefix",
        AUTOSTART,
        "autostart/zones",
        "PUT",
        f"{WORKSPACE}/autostart",
        rewrite=_text("schedule", lambda t: re.sub(r"^TZ=", "CRON_TZ=", t)),
    ),
    Fault(
        "daily-is-accepted",
        AUTOSTART,
        "autostart/descriptors",
        "PUT",
        f"{WORKSPACE}/autostart",
        rewrite=_text("schedule", lambda t: "0 0 * * *" if t == "@daily" else t),
    ),
    Fault(
        "schedules-are-tidied",
        AUTOSTART,
        "autostart/reads-back",
        "PUT",
        f"{WORKSPACE}/autostart",
        rewrite=_text("schedule", str.lower),
    ),
    Fault(
        "question-marks-are-refused",
        AUTOSTART,
        "autostart/lists-ranges-steps",
        "PUT",
        f"{WORKSPACE}/autostart",
        refuse=lambda c: "?" in str(_field(c, "schedule")),
    ),
    Fault(
        "modes-in-any-case",
        UPDATES,
        "autoupdates/exact-words",
        "PUT",
        f"{WORKSPACE}/autoupdates",
        rewrite=_text("automatic_updates", str.lower),
    ),
    Fault(
        "a-missing-mode-is-never",
        UPDATES,
        "autoupdates/refuses-other-values",
        "PUT",
        f"{WORKSPACE}/autoupdates",
        rewrite=lambda c: (
            setattr(c, "json", {"automatic_updates": "never"})
            if c.json == {} and c.body.strip() in {b"{}", b"null"}
            else None
        ),
    ),
    Fault(
        "names-of-33-are-cut",
        CREATE,
        "create/name-limits",
        *PATHS[CREATE],
        rewrite=_text("name", lambda t: t[:32] if len(t) == 33 else t),
    ),
    Fault(
        "names-of-32-are-refused",
        CREATE,
        "create/name-rules",
        *PATHS[CREATE],
        refuse=lambda c: len(str(_field(c, "name"))) == 32,
    ),
    Fault(
        "underscores-become-hyphens",
        CREATE,
        "create/name-rules",
        *PATHS[CREATE],
        rewrite=_text("name", lambda t: t.replace("_", "-")),
    ),
    Fault(
        "names-are-stored-in-lower-case",
        RENAME,
        "rename/case-only",
        "PATCH",
        WORKSPACE,
        rewrite=_text("name", str.lower),
    ),
    Fault(
        "a-new-one-forgets-its-ttl",
        CREATE,
        "create/reads-back",
        *PATHS[CREATE],
        rewrite=lambda c: (
            setattr(c, "json", {k: v for k, v in c.json.items() if k != "ttl_ms"})
            if isinstance(c.json, dict) and c.json
            else None
        ),
    ),
    Fault(
        "a-new-one-forgets-its-schedule",
        CREATE,
        "create/reads-back",
        *PATHS[CREATE],
        rewrite=lambda c: (
            setattr(c, "json", {**c.json, "autostart_schedule": ""})
            if isinstance(c.json, dict) and isinstance(c.json.get("autostart_schedule"), str)
            else None
        ),
    ),
    Fault(
        "an-unknown-template-is-the-first-one",
        CREATE,
        "create/template-or-version",
        *PATHS[CREATE],
        rewrite=lambda c: (
            setattr(c, "json", {k: v for k, v in c.json.items() if k != "template_version_id"})
            if isinstance(c.json, dict)
            and "template_id" in c.json
            and "template_version_id" in c.json
            else None
        ),
    ),
    Fault(
        "dormancy-is-not-shown",
        DORMANT,
        "dormancy/takes-effect",
        "GET",
        SHOWS,
        on_workspaces(_never_dormant),
    ),
    Fault(
        "marks-are-not-listed",
        MARK,
        "favorite/takes-effect",
        "GET",
        "/workspaces",
        on_workspaces(_no_mark_in_list),
    ),
    Fault("reads-are-one-request-late", TTL, "ttl/reads-back", "GET", WORKSPACE, _Stale()),
    Fault(
        "names-are-read-one-request-late",
        TTL,
        "ttl/reads-back",
        "GET",
        r"/users/[^/]+/workspace/[^/]+",
        _Stale(),
    ),
    Fault(
        "another-workspace-is-shown",
        GET,
        "get/returns-the-one-asked-for",
        "GET",
        WORKSPACE,
        _Swapped(),
    ),
    Fault(
        "build-numbers-skip-one",
        GET,
        "lifecycle/build-numbers",
        "GET",
        WORKSPACE,
        on_success(_number_off),
    ),
    Fault(
        "a-stop-is-not-built",
        GET,
        "lifecycle/build-numbers",
        "POST",
        f"{WORKSPACE}/builds",
        rewrite=lambda c: (
            setattr(c, "json", {"transition": "start"})
            if _field(c, "transition") == "stop"
            else None
        ),
    ),
]
