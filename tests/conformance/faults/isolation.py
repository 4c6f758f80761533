"""Faults of isolation: what strangers can do, see and find out."""

from __future__ import annotations

import time
from collections.abc import Callable

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.pieces.answers import (
    Alter,
    answered,
    carried_out,
    read_by_member,
    turned,
)
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.past import Names
from tests.conformance.faults.pieces.places import (
    CREATE,
    DORMANT,
    EXTEND,
    GET,
    HEADER,
    LIST,
    MARK,
    NAMED,
    RESOLVE,
    SSE,
    TIMINGS,
    TTL,
    UNMARK,
    UPDATES,
    USAGE,
)
from tests.conformance.faults.pieces.requests import (
    as_owner,
    by_member,
    caller,
    identifier,
    strangers,
)
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

_READ = ("GET", rf"{WORKSPACE}(/timings|/resolve-autostart)?|{NAMED}")
_OTHERS = Names()


def _forbidden(answer: Answer) -> None:
    token = answer.call.headers.get(HEADER) if answer.call is not None else None
    if answer.status == 404 and token == MEMBER.token:
        answer.status = 403
        answer.json = {"message": "Forbidden."}


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


def _nothing(name: str) -> Alter:
    """What the second user reads is empty in a place."""

    def change(answer: Answer) -> None:
        if read_by_member(answer):
            value = answer.json
            if value.get(name):
                answer.json = {**value, name: []}

    return change


def _no_resources(answer: Answer) -> None:
    if read_by_member(answer) and answer.json["owner_name"] != MEMBER.username:
        on_workspaces(lambda w: w["latest_build"].update(resources=[]))(answer)


FAULTS: list[Fault] = [
    named(TIMINGS, "strangers-read-timings", "authentication/isolation", rewrite=as_owner),
    named(TTL, "strangers-set-the-ttl", "authentication/isolation", rewrite=as_owner),
    named(
        SSE,
        "strangers-watch",
        "authentication/isolation",
        frames=lambda piece, _: [piece],
        rewrite=as_owner,
    ),
    named(MARK, "strangers-mark", "authentication/isolation", rewrite=as_owner),
    named(USAGE, "strangers-report-use", "authentication/isolation", rewrite=as_owner),
    named(RESOLVE, "hidden-ones-are-forbidden", "authentication/isolation", alter=_forbidden),
    at(
        RESOLVE,
        "strangers-resolve",
        "Other users may ask about parameters.",
        "authentication/isolation",
        rewrite=as_owner,
    ),
    at(
        UPDATES,
        "strangers-set-updates",
        "Other users may change the mode of updates.",
        "authentication/isolation",
        rewrite=as_owner,
    ),
    at(
        EXTEND,
        "strangers-extend",
        "Other users may move the deadline.",
        "authentication/isolation",
        rewrite=as_owner,
    ),
    at(
        UNMARK,
        "strangers-remove-marks",
        "Other users may remove the mark.",
        "authentication/isolation",
        rewrite=as_owner,
    ),
    at(
        CREATE,
        "names-are-for-one-user",
        "Two users cannot have workspaces of the same name.",
        "isolation/names-are-per-owner",
        refuse=_OTHERS.is_anothers,
        alter=_OTHERS.see,
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
        ("GET", WORKSPACE),
        "readers-see-no-resources",
        "Who reads a workspace of another user sees no resources.",
        "isolation/reader-can-read",
        GET,
        alter=_no_resources,
    ),
    at(
        TIMINGS,
        "readers-see-no-connections",
        "Who reads a workspace of another user sees no connections of its agents.",
        "isolation/reader-can-read",
        alter=_nothing("agent_connection_timings"),
    ),
    at(
        RESOLVE,
        "readers-do-not-resolve",
        "Who reads a workspace of another user cannot ask whether it starts.",
        "isolation/reader-can-read",
        alter=turned(200, 403, by_member),
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
]
