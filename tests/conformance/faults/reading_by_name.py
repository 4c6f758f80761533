"""Faults of reading by name: which workspace is found, and how it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from coder_conformance.reference.seed.default import MEMBER
from tests.conformance.faults.pieces.answers import says, turned
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import BY_NAME, NAMED, SEEN
from tests.conformance.faults.pieces.requests import by_member, is_named, of_place, strangers
from tests.conformance.faults.pieces.workspaces import deep, is_deleted, is_dormant, only, put
from tests.conformance.faulty import Answer, Call, Fault, Json, on_workspaces

_NO_USER = '"user" must be an existing uuid or username.'


def _path(change: Any) -> Any:
    return lambda call: setattr(call, "path", change(call.path))


def _title(workspace: Json) -> None:
    workspace["template_name"] = workspace["template_display_name"] or "x"


def _empty_schedule(workspace: Json) -> None:
    workspace.setdefault("autostart_schedule", "")


class _Older:
    """Answers by name with one of the deleted workspaces that had it."""

    def __init__(self, choose: Callable[[list[Json], Json], Json]) -> None:
        self.choose = choose
        self.deleted: dict[str, dict[str, Json]] = {}

    def __call__(self, answer: Answer) -> None:
        on_workspaces(self._note)(answer)
        call = answer.call
        if call is None or answer.status != 200 or not is_named(call):
            return
        if call.get("include_deleted"):
            shown = answer.json
            known = self.deleted.get(shown["name"].lower(), {})
            answer.json = self.choose([*known.values()], shown)

    def _note(self, shown: Json) -> None:
        if shown["latest_build"]["status"] == "deleted":
            known = self.deleted.setdefault(shown["name"].lower(), {})
            known.setdefault(shown["id"], shown)


def _deleted_first(known: list[Json], shown: Json) -> Json:
    return known[-1] if known and not is_deleted(shown) else shown


def _first_deleted(known: list[Json], shown: Json) -> Json:
    first = min(known, key=lambda each: str(each["created_at"]), default=shown)
    return first if is_deleted(shown) else shown


def _others_owner(call: Call) -> bool:
    """Whether a name is asked for that belongs to the first user."""
    return of_place(call, ("GET", NAMED)) and call.path.split("/")[2] not in ("me", MEMBER.username)


def _no_apps(agent: Json) -> None:
    agent["apps"] = []


def _scripts_hurry(agent: Json) -> None:
    for script in agent["scripts"]:
        script["timeout"] = 0


FAULTS: list[Fault] = [
    named(
        BY_NAME,
        "deleted-ones-are-never-shown",
        "get-by-name/deleted",
        rewrite=lambda c: c.set("include_deleted", None),
    ),
    at(
        BY_NAME,
        "names-of-others-are-found",
        "Another user finds the caller's workspaces by name.",
        "get-by-name/hides-what-cannot-be-read",
        rewrite=strangers(_others_owner),
    ),
    at(
        BY_NAME,
        "names-of-others-are-forbidden",
        "Another user is answered with 403 for the caller's workspaces.",
        "get-by-name/hides-what-cannot-be-read",
        alter=turned(404, 403, by_member),
    ),
    at(
        BY_NAME,
        "no-apps-by-name",
        "By name agents have no apps.",
        "get-by-name/in-depth",
        alter=on_workspaces(deep(_no_apps)),
    ),
    at(
        BY_NAME,
        "dormant-scripts-by-name-have-no-time",
        "By name scripts of a dormant workspace have no time.",
        "get-by-name/in-depth",
        alter=on_workspaces(only(is_dormant, deep(_scripts_hurry))),
    ),
    at(
        SEEN,
        "the-first-deleted-one-is-shown",
        "Of several deleted ones with a name the first one is shown.",
        "get-by-name/last-deleted",
        BY_NAME,
        alter=_Older(_first_deleted),
    ),
    at(
        SEEN,
        "deleted-ones-come-first",
        "With include_deleted a deleted workspace comes before the live one of that name.",
        "get-by-name/prefers-live",
        BY_NAME,
        alter=_Older(_deleted_first),
    ),
    named(
        BY_NAME,
        "names-have-a-case",
        "get-by-name/returns-the-one-asked-for",
        refuse=lambda c: c.path.rsplit("/", 1)[1].isupper(),
    ),
    at(
        ("GET", r"/users/(?=[^/]*[A-Z])[^/]+/workspace/[^/]+"),
        "owners-have-a-case",
        "Usernames in upper case are unknown.",
        "get-by-name/returns-the-one-asked-for",
        BY_NAME,
        alter=says(400, _NO_USER, lambda a: a.status == 200),
    ),
    at(
        BY_NAME,
        "names-show-titles-of-templates",
        "Read by name, a workspace shows its template's title as the name.",
        "get-by-name/same-as-by-id",
        alter=on_workspaces(_title),
    ),
    at(
        BY_NAME,
        "a-missing-schedule-is-empty",
        "A workspace without a schedule shows an empty one.",
        "get-by-name/same-as-by-id",
        alter=on_workspaces(_empty_schedule),
    ),
    at(
        BY_NAME,
        "the-initiator-is-nobody",
        "Builds read by name are nobody's: the initiator's name is empty.",
        "get-by-name/same-as-by-id",
        alter=on_workspaces(put("", "latest_build", "initiator_name")),
    ),
    named(
        BY_NAME,
        "names-are-found-in-part",
        "get-by-name/whole-name",
        rewrite=_path(lambda p: re.sub(r"( |%20)$", "", p)),
    ),
]
