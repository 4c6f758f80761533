"""Faults of builds: what starts, stops and deletions do, and which of them are refused."""

from __future__ import annotations

import copy
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import Alter, carried_out, turned
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.past import in_state
from tests.conformance.faults.pieces.places import ALL, BUILD, BY_NAME, GET, SEEN, SHOWN
from tests.conformance.faults.pieces.requests import field, identifier, is_json, of_place, parent
from tests.conformance.faults.pieces.workspaces import only
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

TRANSITIONS = ("start", "stop", "delete")
_BUILT = ("GET|POST", f"{SHOWS}|{WORKSPACE}/builds")


def _busy(workspace: Json) -> bool:
    return workspace["latest_build"]["job"]["status"] in {"pending", "running"}


def _null_when_busy(workspace: Json) -> None:
    workspace["latest_build"]["job"].setdefault("completed_at", None)


class _Queue:
    """Builds that were refused because of another one are built after it."""

    def __init__(self) -> None:
        self.waiting: dict[str, str] = {}
        self.settled: set[str] = set()

    def see(self, answer: Answer) -> None:
        """Note what was refused, and which builds have ended."""
        call = answer.call
        if call is not None and answer.status == 409 and of_place(call, BUILD):
            self.waiting[identifier(call)] = str(field(call, "transition"))
            self.settled.discard(identifier(call))
        on_workspaces(self._settle)(answer)

    def _settle(self, shown: Json) -> None:
        if shown["latest_build"]["job"]["status"] == "succeeded":
            self.settled.add(shown["id"])

    def build(self, call: Call) -> tuple[str, str, Json | None] | None:
        """Build what waits."""
        name = identifier(call)
        if call.method == "GET" and name in self.settled and name in self.waiting:
            body: Json = {"transition": self.waiting.pop(name)}
            return "POST", f"/workspaces/{name}/builds", body
        return None


def _agents_stay() -> Alter:
    """A stopped workspace is shown with the resources that it had while it ran."""
    seen: dict[str, list[Json]] = {}

    def change(shown: Json) -> None:
        build = shown["latest_build"]
        if build["status"] == "running" and build["resources"]:
            seen[shown["id"]] = copy.deepcopy(build["resources"])
        elif build["status"] == "stopped":
            build["resources"] = seen.get(shown["id"], build["resources"])

    return on_workspaces(change)


def _twice_started() -> Callable[[Call], bool]:
    """Whether a workspace is to be started that was not stopped since it was made or started."""
    last: dict[str, str] = {}

    def twice(call: Call) -> bool:
        was = last.get(identifier(call), "start")
        last[identifier(call)] = str(field(call, "transition"))
        return bool(was == field(call, "transition") == "start")

    return twice


def _not_cancelled(call: Call) -> None:
    """Do something harmless."""
    call.method, call.path, call.body = "GET", "/users/me", b""


def _any_transition(call: Call) -> None:
    """Whatever is no transition is a start."""
    given = call.json
    if is_json(call) and isinstance(given, dict) and given.get("transition") not in TRANSITIONS:
        call.json = {**given, "transition": "start"}


def _buried_listed() -> Alter:
    """What was listed once stays in the list when it is deleted."""
    seen: dict[str, Json] = {}
    buried: set[str] = set()

    def change(page: Json) -> None:
        there = {shown["id"] for shown in page["workspaces"]}
        seen.update({shown["id"]: copy.deepcopy(shown) for shown in page["workspaces"]})
        gone = [seen[name] for name in buried if name in seen and name not in there]
        page["workspaces"] += gone
        page["count"] += len(gone)

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is not None and field(call, "transition") == "delete" and answer.status == 201:
            buried.add(identifier(call))
        elif call is not None and call.path == "/workspaces":
            on_success(change)(answer)

    return alter


_QUEUE = _Queue()


FAULTS: list[Fault] = [
    at(
        BUILD,
        "any-word-is-a-start",
        "What is no transition is taken for a start.",
        "lifecycle/bad-transition",
        GET,
        rewrite=_any_transition,
    ),
    at(
        BUILD,
        "bad-transitions-are-built",
        "What is no transition is refused, and the workspace is started.",
        "lifecycle/bad-transition",
        GET,
        **carried_out(_any_transition, 400),
    ),
    at(
        ("PATCH", r"/workspacebuilds/[^/]+/cancel"),
        "cancelled-builds-go-on",
        "A build that is cancelled goes on.",
        "lifecycle/cancel",
        GET,
        rewrite=_not_cancelled,
        alter=turned(200, 200, message="Job has been marked as canceled..."),
    ),
    at(
        BY_NAME,
        "names-of-deleted-ones-are-gone",
        "A deleted workspace is answered with 410 by its name.",
        "lifecycle/delete",
        GET,
        alter=turned(404, 410),
    ),
    at(
        ("GET|POST", f"/workspaces|{WORKSPACE}/builds"),
        "deleted-ones-stay-listed",
        "A deleted workspace that was listed stays in the list.",
        "lifecycle/delete",
        GET,
        alter=_buried_listed(),
    ),
    at(
        BUILD,
        "busy-ones-are-bad-requests",
        "A build while another one is under way is answered with 400.",
        "lifecycle/one-build-at-a-time",
        GET,
        alter=turned(409, 400),
    ),
    at(
        _BUILT,
        "refused-builds-are-built-later",
        "A build that is refused because of another one is built after it.",
        "lifecycle/one-build-at-a-time",
        GET,
        alter=_QUEUE.see,
        also=_QUEUE.build,
    ),
    at(
        BUILD,
        "what-runs-is-not-started",
        "A running workspace cannot be started.",
        "lifecycle/restart",
        GET,
        refuse=_twice_started(),
    ),
    at(
        BUILD,
        "builds-remove-the-schedule",
        "A build removes the schedule.",
        "lifecycle/settings-survive-builds",
        GET,
        also=lambda c: ("PUT", f"{parent(c)}/autostart", {}),
    ),
    at(
        BUILD,
        "builds-remove-the-mark",
        "A build removes the mark.",
        "lifecycle/settings-survive-builds",
        GET,
        also=lambda c: ("DELETE", f"{parent(c)}/favorite", None),
    ),
    at(
        BUILD,
        "builds-turn-updates-off",
        "A build turns updates off.",
        "lifecycle/settings-survive-builds",
        GET,
        also=lambda c: ("PUT", f"{parent(c)}/autoupdates", {"automatic_updates": "never"}),
    ),
    at(
        SEEN,
        "stopped-ones-keep-their-agents",
        "A stopped workspace is shown with its agents.",
        "lifecycle/stop",
        GET,
        alter=_agents_stay(),
    ),
    at(
        ALL,
        "what-is-stopped-stays-so",
        "A stopped workspace cannot be started again.",
        "lifecycle/stop",
        GET,
        refuse=in_state("stop", BUILD, lambda c: field(c, "transition") == "start"),
    ),
    at(
        SHOWN,
        "unfinished-jobs-have-a-null-end",
        "A job that has not ended shows a null end instead of none.",
        "lifecycle/while-building",
        GET,
        alter=on_workspaces(only(_busy, _null_when_busy)),
    ),
]
