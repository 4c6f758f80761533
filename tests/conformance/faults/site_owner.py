"""Faults of what a site owner gets to see of other users' workspaces, and may do with them."""

from __future__ import annotations

import re

from coder_conformance.reference.seed.default import MEMBER, OWNER
from tests.conformance.faults.pieces.answers import says, turned
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import (
    BY_NAME,
    CREATE,
    GET,
    LIST,
    MARK,
    SSE,
    UNMARK,
)
from tests.conformance.faults.pieces.requests import by_member, caller, recipient
from tests.conformance.faulty import Answer, Call, Fault, Json


def _by_owner(call: Call) -> bool:
    """Whether the first user asks, who may do everything."""
    return caller(call) == OWNER.token


def _to_owner(answer: Answer) -> bool:
    return answer.call is not None and _by_owner(answer.call) and answer.status == 200


def _of_another(answer: Answer) -> bool:
    return _to_owner(answer) and answer.json["owner_name"] == MEMBER.username


def _only_own(call: Call) -> None:
    """Keep lists without a query to what the caller owns."""
    if _by_owner(call) and not call.get("q"):
        call.set("q", "owner:me")


def _of_the_caller(call: Call) -> None:
    """Look through the caller's workspaces, whatever user the path names."""
    call.path = re.sub(r"^/users/[^/]+/", "/users/me/", call.path)


def _owner_ignored(call: Call) -> None:
    """Pass over the owner before a slash."""
    if _by_owner(call) and "/" in call.get("q"):
        call.set("q", call.get("q").rpartition("/")[2])


class _Marks:
    """Remembers what is marked, by whomever."""

    def __init__(self) -> None:
        self.marked: set[str] = set()

    def see(self, answer: Answer) -> None:
        """Note marks, and put what is marked first in every list."""
        call = answer.call
        if call is None:
            return
        if call.path.endswith("/favorite") and answer.status == 204:
            name = call.path.split("/")[2]
            (self.marked.add if call.method == "PUT" else self.marked.discard)(name)
        elif call.path == "/workspaces" and answer.status == 200:
            page = answer.json
            page["workspaces"].sort(key=self._place)
            answer.json = page

    def _place(self, workspace: Json) -> tuple[bool, bool, str, str]:
        running = workspace["latest_build"]["status"] == "running"
        owner, name = workspace["owner_name"].lower(), workspace["name"].lower()
        return workspace["id"] not in self.marked, not running, owner, name

    def shown(self, answer: Answer) -> None:
        """Note marks, and show them to everybody."""
        call = answer.call
        if call is not None and call.path.endswith("/favorite"):
            self.see(answer)
        elif call is not None and call.method == "GET" and answer.status == 200:
            shown: Json = answer.json
            shown["favorite"] = shown["id"] in self.marked
            answer.json = shown


FAULTS: list[Fault] = [
    at(
        GET,
        "site-owners-find-their-own-alone",
        "A site owner finds no workspace of another user by its identifier.",
        "isolation/owner-reads-all",
        alter=says(
            404, "Resource not found or you do not have access to this resource", _of_another
        ),
    ),
    at(
        SSE,
        "site-owners-watch-their-own-alone",
        "A site owner cannot watch the workspace of another user as long as that one does not.",
        "isolation/owner-reads-all",
        frames=lambda piece, _: [
            piece if MEMBER.username.encode() not in piece else b"event: error\ndata: {}\n\n"
        ],
    ),
    at(
        ("GET|PUT|DELETE", r"/workspaces/[^/]+(/favorite)?"),
        "marks-are-shown-to-everybody",
        "Whoever reads a workspace sees whether its owner has marked it.",
        "isolation/owner-reads-all",
        GET,
        alter=_Marks().shown,
    ),
    at(
        LIST,
        "site-owners-list-their-own-alone",
        "A list without a query holds what a site owner owns, and no others.",
        "isolation/owner-sees-all",
        rewrite=_only_own,
    ),
    at(
        LIST,
        "owners-before-slashes-are-ignored",
        "A query by owner and name finds the workspaces of all owners.",
        "isolation/owner-sees-all",
        rewrite=_owner_ignored,
    ),
    at(
        BY_NAME,
        "names-are-looked-for-among-ones-own",
        "Whatever user the path names, the workspaces of the caller are looked through.",
        "isolation/user-decides",
        rewrite=_of_the_caller,
    ),
    at(
        MARK,
        "site-owners-mark-what-they-like",
        "A site owner who marks another user's workspace is told that it worked.",
        "favorite/not-for-site-owners",
        alter=turned(403, 204, _by_owner),
    ),
    at(
        UNMARK,
        "nobody-elses-marks-are-there",
        "A site owner who removes another user's mark is told that the workspace is not there.",
        "favorite/not-for-site-owners",
        alter=turned(403, 404, _by_owner),
    ),
    at(
        ("GET|PUT|DELETE", r"/workspaces(/[^/]+/favorite)?"),
        "favorites-of-all-come-first",
        "What anybody has marked comes first in everybody's list.",
        "list/favorites-of-others",
        LIST,
        alter=_Marks().see,
    ),
    at(
        CREATE,
        "whoever-asks-gets-it",
        "A workspace for another user is made for the caller.",
        "create/for-others",
        rewrite=_of_the_caller,
    ),
    at(
        CREATE,
        "nobody-creates-for-others",
        "A site owner may not create a workspace for another user.",
        "create/for-others",
        refuse=lambda c: not by_member(c) and recipient(c) == MEMBER.username,
        refusal=403,
    ),
]
