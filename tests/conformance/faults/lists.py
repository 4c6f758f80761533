"""Faults of lists: what is on them, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.past import Memory, build_status, remembering
from tests.conformance.faults.pieces.places import GET, LIST, NOBODY, SHOWN
from tests.conformance.faults.pieces.requests import as_owner
from tests.conformance.faults.pieces.searches import on_page
from tests.conformance.faults.pieces.workspaces import deep, is_stopped, only, put
from tests.conformance.faulty import Answer, Call, Fault, Json, on_success, on_workspaces


def _sort(key: Any) -> Any:
    return on_success(lambda v: v["workspaces"].sort(key=key))


def _reversed(value: Json) -> None:
    value["workspaces"].reverse()


def _whole_second(workspace: Json) -> None:
    workspace["created_at"] = re.sub(r"\.\d+", "", workspace["created_at"])


def _leaving_out(when: Callable[[Json, Call], bool]) -> Callable[[Answer], None]:
    def change(page: Json, call: Call) -> None:
        kept = [w for w in page["workspaces"] if not when(w, call)]
        page["count"] -= len(page["workspaces"]) - len(kept)
        page["workspaces"] = kept

    return on_page(change)


def _with_ghosts(answer: Answer, memory: Memory) -> None:
    """Add the deleted ones that a simple query asks for."""
    call = answer.call
    if call is None or call.path != "/workspaces" or answer.status != 200 or call.get("offset"):
        return
    words = call.get("q").replace("owner:me", "").split()
    wanted = [word.removeprefix("name:").lower() for word in words]
    page = answer.json
    there = {w["id"] for w in page["workspaces"]}
    for workspace in memory.shown.values():
        fits = all(word in workspace["name"].lower() for word in wanted)
        if build_status(workspace) == "deleted" and fits and workspace["id"] not in there:
            page["workspaces"].append(workspace)
            page["count"] += 1
    answer.json = page


def _by_bytes(page: Json, _: Call) -> None:
    def place(workspace: Json) -> tuple[bool, bool, str, str]:
        running = build_status(workspace) == "running"
        owner = workspace["owner_name"].lower()
        return not workspace["favorite"], not running, owner, workspace["name"]

    page["workspaces"].sort(key=place)


def _sorted_by_age(page: Json, _: Call) -> None:
    page["workspaces"].sort(key=lambda w: w["created_at"])


class _Late:
    """Shows each list as it was when it was asked for the last time."""

    def __init__(self) -> None:
        self.last: dict[str, bytes] = {}

    def __call__(self, answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None:
            key = f"{answer.call.query}{answer.call.headers.get('coder-session-token')}"
            fresh = answer.body
            answer.body = self.last.get(key, fresh)
            self.last[key] = fresh


FAULTS: list[Fault] = [
    named(
        LIST,
        "owners-are-swapped",
        "list/agrees-with-get",
        alter=on_workspaces(lambda w: w.update(template_display_name=w["template_name"] + "!")),
    ),
    at(
        LIST,
        "listed-builds-are-always-the-first",
        "Lists show every build with the number 1.",
        "list/agrees-with-get",
        alter=on_workspaces(put(1, "latest_build", "build_number")),
    ),
    at(
        LIST,
        "stopped-ones-are-listed-as-started",
        "Lists show the transition of stopped workspaces as start.",
        "list/agrees-with-get",
        alter=on_workspaces(only(is_stopped, put("start", "latest_build", "transition"))),
    ),
    at(
        LIST,
        "lists-cut-times-to-seconds",
        "Lists show the time of creation without its fraction.",
        "list/agrees-with-get",
        alter=on_workspaces(_whole_second),
    ),
    at(
        GET,
        "version-names-stay-empty",
        "The name of a build's version stays empty after its creation.",
        "list/agrees-with-get",
        LIST,
        alter=on_workspaces(put("", "latest_build", "template_version_name")),
    ),
    at(
        LIST,
        "agents-are-of-another-resource",
        "Agents in lists name a resource that is not theirs.",
        "list/agrees-with-get",
        alter=on_workspaces(deep(put(NOBODY, "resource_id"))),
    ),
    at(
        SHOWN,
        "stopped-ones-have-a-prebuild",
        "Stopped workspaces are shown as prebuilt ones.",
        "list/agrees-with-get",
        LIST,
        alter=on_workspaces(only(is_stopped, put(True, "is_prebuild"))),
    ),
    at(
        LIST,
        "lists-are-one-request-late",
        "A list shows what it should have shown when it was asked for the last time.",
        "list/agrees-with-get",
        alter=_Late(),
    ),
    named(
        LIST,
        "favorites-are-not-first",
        "list/favorites-first",
        alter=_sort(
            lambda w: (w["latest_build"]["status"] != "running", w["owner_name"], w["name"].lower())
        ),
    ),
    named(LIST, "strangers-list-all", "list/hides-what-cannot-be-read", rewrite=as_owner),
    at(
        LIST,
        "dormant-ones-have-to-be-asked-for",
        "Dormant workspaces are listed only if the query speaks of them.",
        "list/keeps-dormant",
        alter=_leaving_out(lambda w, c: bool(w["dormant_at"]) and "dormant:" not in c.get("q")),
    ),
    remembering(
        "deleted-ones-stay-on-the-list",
        LIST,
        "list/leaves-out-deleted",
        "Deleted workspaces are listed at the end.",
        _with_ghosts,
    ),
    at(
        LIST,
        "capitals-come-first",
        "Names that begin with capitals are listed before all others.",
        "list/names-in-any-case",
        alter=on_page(_by_bytes),
    ),
    named(LIST, "the-order-is-reversed", "list/order", alter=on_success(_reversed)),
    named(
        LIST,
        "names-are-ordered-by-case",
        "list/order",
        alter=_sort(
            lambda w: (
                not w["favorite"],
                w["latest_build"]["status"] != "running",
                w["owner_name"],
                w["name"],
            )
        ),
    ),
    at(
        LIST,
        "the-oldest-comes-first",
        "Lists are in the order of creation.",
        "list/order",
        alter=on_page(_sorted_by_age),
    ),
    named(
        LIST,
        "running-ones-are-not-first",
        "list/running-first",
        alter=_sort(lambda w: (not w["favorite"], w["owner_name"], w["name"].lower())),
    ),
    at(
        LIST,
        "those-being-built-are-not-listed",
        "Workspaces are listed only once their build has ended.",
        "list/shows-pending",
        alter=_leaving_out(lambda w, _: build_status(w) in {"pending", "starting"}),
    ),
]
