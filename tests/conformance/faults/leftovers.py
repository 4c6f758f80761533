"""Faults of names, settings and uses that stay, or do not stay, where something else is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.conformance.faults.pieces.answers import Alter, says
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.past import Memory, dormant, remembering
from tests.conformance.faults.pieces.places import (
    AUTOSTART,
    BY_NAME,
    CREATE,
    CREATED,
    GET,
    LIST,
    PATHS,
    RENAME,
    TTL,
)
from tests.conformance.faults.pieces.requests import (
    changed,
    field,
    identifier,
    in_text,
    name_as_text,
    of_place,
)
from tests.conformance.faults.pieces.workspaces import is_deleted, only, without
from tests.conformance.faulty import Answer, Call, Fault, Json, on_workspaces

Change = Callable[[Answer, Memory], None]
# Whatever shows workspaces or is about one.
ALL_AND_LISTS = (".*", r"/workspaces(/[^/]+(/(?!watch).*)?)?")
# When workspaces were used last.
_USED: dict[str, str] = {}


def _keys_twice(answer: Answer) -> None:
    """Find nothing where a key stands twice that could name one thing only."""
    call = answer.call
    if call is not None and answer.status == 400 and call.get("q").count("organization:") > 1:
        answer.status, answer.json = 200, {"workspaces": [], "count": 0}


def _empty_refused(call: Call) -> bool:
    return 'last_used_after:""' in call.get("q")


def _tabs(call: Call) -> bool:
    """Whether the fields of a schedule stand apart by tabs."""
    given = field(call, "schedule") or field(call, "autostart_schedule")
    return isinstance(given, str) and "\t" in given


def _unmarked(answer: Answer) -> None:
    """A deleted workspace is shown without a mark."""
    on_workspaces(only(is_deleted, lambda w: w.update(favorite=False)))(answer)


def _used(answer: Answer) -> None:
    """Every change of the time to stop counts as use."""
    call = answer.call
    if call is None:
        return
    if of_place(call, PATHS[TTL]) and answer.status == 204:
        _USED[identifier(call)] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    elif call.method == "GET" and answer.status == 200 and answer.body:
        page: Json = answer.json
        for workspace in page.get("workspaces", [page]):
            if workspace.get("id") in _USED and "latest_build" in workspace:
                workspace["last_used_at"] = _USED[workspace["id"]]
        answer.json = page


def _dormant_names_are_free() -> Change:
    """The name of a dormant workspace is not taken: what has it is shown as if it were made."""

    def change(answer: Answer, memory: Memory) -> None:
        call = answer.call
        if call is None or answer.status != 409 or not of_place(call, CREATED):
            return
        for workspace in memory.shown.values():
            same = workspace["name"].lower() == name_as_text(call).lower()
            if same and dormant(call, workspace, memory):
                answer.status, answer.json = 201, workspace

    return change


def _taken_by_others() -> Alter:
    """Refuse a name that somebody else's workspace was shown with."""
    memory = Memory()

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is not None and of_place(call, PATHS[RENAME]) and answer.status == 204:
            mine, name = memory.of(call), field(call, "name")
            others = [w for w in memory.shown.values() if w["owner_id"] != mine["owner_id"]]
            if name != mine["name"] and name in {w["name"] for w in others}:
                says(409, f'Workspace "{name}" already exists.', bool)(answer)
        memory.see(answer)

    return alter


def _once_had() -> Callable[[Call], bool]:
    """Whether another workspace was given that name before."""
    first: dict[str, str] = {}

    def refuses(call: Call) -> bool:
        name = name_as_text(call).lower()
        return first.setdefault(name, identifier(call)) != identifier(call)

    return refuses


FAULTS: list[Fault] = [
    at(
        (r"GET", r"/workspaces/[^/]+"),
        "deletions-drop-schedules",
        "A deleted workspace is shown without the schedule that it had.",
        "get/deleted-keeps-its-data",
        GET,
        alter=on_workspaces(only(is_deleted, without("autostart_schedule"))),
    ),
    at(
        BY_NAME,
        "deleted-ones-are-unmarked-by-name",
        "A deleted workspace that is found by its name is shown without its mark.",
        "get/deleted-keeps-its-data",
        GET,
        alter=_unmarked,
    ),
    at(
        LIST,
        "two-organizations-find-nothing",
        "A search that names an organization twice finds nothing.",
        "list/q-key-twice",
        alter=_keys_twice,
    ),
    at(
        LIST,
        "empty-times-are-no-times",
        "An empty time in a search is refused.",
        "list/q-empty-value",
        refuse=_empty_refused,
    ),
    at(
        AUTOSTART,
        "schedules-have-no-tabs",
        "A schedule whose fields stand apart by tabs is refused.",
        "autostart/reads-back",
        refuse=_tabs,
    ),
    at(
        CREATE,
        "new-schedules-have-no-tabs",
        "A new workspace with a schedule whose fields stand apart by tabs is refused.",
        "create/good-settings",
        refuse=_tabs,
    ),
    at(
        AUTOSTART,
        "zones-may-have-blanks-before-them",
        "Blanks before a zone are passed over.",
        "autostart/refuses-bad-schedules",
        rewrite=changed("schedule", in_text(r"^ +(?=CRON_TZ=)", "")),
    ),
    at(
        ALL_AND_LISTS,
        "times-to-stop-are-use",
        "Whoever sets the time to stop is taken to use the workspace.",
        "settings/are-no-use",
        TTL,
        alter=_used,
    ),
    remembering(
        "names-of-dormant-ones-are-free",
        CREATE,
        "create/conflict",
        "The name of a dormant workspace is not taken.",
        _dormant_names_are_free(),
    ),
    at(
        RENAME,
        "names-stay-with-whom-they-were-given",
        "A name that a workspace once had is not free for another one.",
        "rename/frees-the-old-name",
        refuse=_once_had(),
        refusal=409,
    ),
    at(
        ALL_AND_LISTS,
        "names-are-unique-among-all",
        "A name that another user's workspace has is taken when one is renamed.",
        "rename/names-of-others",
        RENAME,
        alter=_taken_by_others(),
    ),
]
