"""More faults of reading: by identifier, by name, what is deleted, and who may see it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from tests.conformance.faults.kit import (
    BY_NAME,
    DORMANT,
    GET,
    LIST,
    NAMED,
    RESOLVE,
    TIMINGS,
    TTL,
    UPDATES,
    by_member,
    deep,
    identifier,
    of_place,
    only,
    put,
)
from tests.conformance.faults.more_kit import (
    MEMBER,
    OWNER,
    SEEN,
    Alter,
    answered,
    at,
    caller,
    carried_out,
    is_named,
    strangers,
    turned,
)
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
    return known[-1] if known and not _is_deleted(shown) else shown


def _first_deleted(known: list[Json], shown: Json) -> Json:
    first = min(known, key=lambda each: str(each["created_at"]), default=shown)
    return first if _is_deleted(shown) else shown


def _is_deleted(shown: Json) -> bool:
    return bool(shown["latest_build"]["status"] == "deleted")


def _is_dormant(shown: Json) -> bool:
    return shown["dormant_at"] is not None


def _by_its_name(value: Json) -> None:
    value["message"] = re.sub(r'"[0-9a-f-]{36}"', '"that"', value["message"])


def _no_way(value: Json) -> None:
    value["message"] = value["message"].split(",")[0] + "."


def _suffix(shown: Json) -> None:
    shown["name"] += "-deleted"


def _no_settings(shown: Json) -> None:
    shown.pop("ttl_ms", None)
    shown.pop("autostart_schedule", None)
    shown["automatic_updates"] = "never"


class _EveryFifth:
    """Each fifth read of a workspace shows what the one before showed."""

    def __init__(self) -> None:
        self.reads: dict[str, tuple[int, bytes]] = {}

    def __call__(self, answer: Answer) -> None:
        if answer.status == 200 and answer.call is not None:
            key = f"{answer.call.path}{answer.call.query}"
            count, last = self.reads.get(key, (0, answer.body))
            fresh = answer.body
            if count % 5 == 4:
                answer.body = last
            self.reads[key] = count + 1, fresh


def _of_its_resource(shown: Json) -> None:
    for resource in shown["latest_build"]["resources"]:
        for agent in resource.get("agents", []):
            agent["id"] = resource["id"]


def _one_resource(shown: Json) -> None:
    for resource in shown["latest_build"]["resources"]:
        resource["id"] = shown["latest_build"]["resources"][0]["id"]


def _of_what_is_hidden(change: Alter) -> Alter:
    """What exists and is hidden is answered otherwise than what does not exist."""
    there: set[str] = set()

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is not None and answer.status < 400 and caller(call) == OWNER.token:
            there.add(identifier(call))
        if call is not None and by_member(call) and identifier(call) in there:
            change(answer)

    return alter


def _of_all(answer: Answer, change: Callable[[Json], None]) -> None:
    """Change the list of a site owner."""
    if answer.status == 200 and answer.call is not None and caller(answer.call) == OWNER.token:
        on_success(change)(answer)


def _own_only(value: Json) -> None:
    own = [w for w in value["workspaces"] if w["owner_name"] != MEMBER.username]
    value.update(workspaces=own, count=value["count"] - len(value["workspaces"]) + len(own))


def _as_own(value: Json) -> None:
    for shown in value["workspaces"]:
        shown["owner_name"] = OWNER.username


class _SharedCache:
    """What one user was just answered another one is answered, too."""

    def __init__(self) -> None:
        self.last: dict[str, tuple[float, str, bytes, int]] = {}

    def __call__(self, answer: Answer) -> None:
        call = answer.call
        if call is None or answer.status not in (200, 404):
            return
        key, now = f"{call.path}{call.query}", time.monotonic()
        then, who, body, status = self.last.get(key, (0.0, "", b"", 0))
        if who and who != caller(call) and now - then < 1:
            answer.body, answer.status = body, status
        else:
            self.last[key] = now, caller(call), answer.body, answer.status


def _oddly_spelled(call: Call) -> bool:
    return len(identifier(call)) != 36 or call.path.endswith("/") or call.path != call.path.lower()


def _others_owner(call: Call) -> bool:
    """Whether a name is asked for that belongs to the first user."""
    return of_place(call, ("GET", NAMED)) and call.path.split("/")[2] not in ("me", MEMBER.username)


def _no_apps(agent: Json) -> None:
    agent["apps"] = []


def _scripts_hurry(agent: Json) -> None:
    for script in agent["scripts"]:
        script["timeout"] = 0


_READ = ("GET", rf"{WORKSPACE}(/timings|/resolve-autostart)?|{NAMED}")
FAULTS: list[Fault] = [
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
        SEEN,
        "deleted-ones-come-first",
        "With include_deleted a deleted workspace comes before the live one of that name.",
        "get-by-name/prefers-live",
        BY_NAME,
        alter=_Older(_deleted_first),
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
        alter=on_workspaces(only(_is_dormant, deep(_scripts_hurry))),
    ),
    at(
        GET,
        "what-is-gone-is-not-named",
        "The 410 does not tell the identifier.",
        "get/deleted-message",
        alter=answered(410, _by_its_name),
    ),
    at(
        GET,
        "what-is-gone-cannot-be-seen",
        "The 410 does not tell how to see deleted ones.",
        "get/deleted-message",
        alter=answered(410, _no_way),
    ),
    at(
        GET,
        "what-is-gone-is-told-in-detail",
        "The 410 has a detail.",
        "get/deleted-message",
        alter=answered(410, put("It is gone.", "detail")),
    ),
    at(
        GET,
        "deleted-ones-lose-their-name",
        "A deleted workspace is shown with a name that says so.",
        "get/deleted-keeps-its-data",
        alter=on_workspaces(only(_is_deleted, _suffix)),
    ),
    at(
        GET,
        "deleted-ones-lose-their-settings",
        "A deleted workspace is shown without its settings.",
        "get/deleted-keeps-its-data",
        alter=on_workspaces(only(_is_deleted, _no_settings)),
    ),
    at(
        GET,
        "each-fifth-read-is-old",
        "Each fifth read shows what the one before showed.",
        "get/monotonic-reads",
        alter=_EveryFifth(),
    ),
    at(
        GET,
        "agents-are-resources",
        "An agent has the identifier of its resource.",
        "get/resources",
        alter=on_workspaces(_of_its_resource),
    ),
    at(
        GET,
        "resources-are-one",
        "Resources have the identifier of the first one.",
        "get/resources",
        alter=on_workspaces(_one_resource),
    ),
    at(
        TTL,
        "odd-spellings-are-anyones",
        "Another user's time to stop is stored and refused, where the identifier is in capitals.",
        "isolation/writes-leave-no-trace",
        **carried_out(strangers(_oddly_spelled), 404),
    ),
    at(
        UPDATES,
        "refused-modes-are-stored",
        "Another user's mode of updating is stored and refused.",
        "isolation/writes-leave-no-trace",
        **carried_out(strangers(), 404),
    ),
    at(
        _READ,
        "hidden-ones-have-a-detail",
        "A hidden workspace is answered with a detail that an unknown one does not have.",
        "isolation/unknown-and-hidden-alike",
        TIMINGS,
        alter=_of_what_is_hidden(answered(404, put("It is gone.", "detail"))),
    ),
    at(
        _READ,
        "hidden-ones-are-told-from-unknown-ones",
        "A hidden workspace is answered with another status than an unknown one.",
        "isolation/unknown-and-hidden-alike",
        RESOLVE,
        alter=_of_what_is_hidden(turned(404, 403)),
    ),
    at(
        LIST,
        "site-owners-list-their-own",
        "A site owner does not list the workspaces of others.",
        "isolation/owner-sees-all",
        alter=lambda a: _of_all(a, _own_only),
    ),
    at(
        LIST,
        "site-owners-own-all",
        "A site owner is shown as the owner of all workspaces.",
        "isolation/owner-sees-all",
        alter=lambda a: _of_all(a, _as_own),
    ),
    at(
        UPDATES,
        "readers-set-modes",
        "Who only reads a workspace sets its mode of updating.",
        "isolation/reader-cannot-change",
        rewrite=strangers(),
    ),
    at(
        DORMANT,
        "refused-readers-make-dormant",
        "Who only reads a workspace is refused, and it is dormant.",
        "isolation/reader-cannot-change",
        **carried_out(strangers(), 500),
    ),
    at(
        ("GET", SHOWS),
        "one-cache-for-all",
        "What one user was just answered another one is answered, too.",
        "isolation/token-decides",
        LIST,
        alter=_SharedCache(),
    ),
    at(
        TIMINGS,
        "one-cache-of-timings",
        "The timings that one user was just answered another one is answered, too.",
        "isolation/token-decides",
        alter=_SharedCache(),
    ),
]
