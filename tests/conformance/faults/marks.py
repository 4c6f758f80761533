"""Faults of marks: whose they are, and which workspaces have one."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults.pieces.answers import turned
from tests.conformance.faults.pieces.makers import at, lost_in, named, refused_in
from tests.conformance.faults.pieces.past import Memory, dormant, following, in_status, minding
from tests.conformance.faults.pieces.places import ALL, GET, LIST, MARK, PATHS, UNMARK
from tests.conformance.faults.pieces.requests import (
    as_owner,
    by_member,
    identifier,
    of_place,
    strangers,
)
from tests.conformance.faulty import Call, Fault, Further, Json, on_workspaces


def _no_mark_in_list(workspace: Json) -> None:
    workspace["favorite"] = False


def _other_marked() -> Callable[[Call], tuple[str, str, Json | None] | None]:
    """With one workspace another one is marked."""
    seen: list[str] = []

    def also(call: Call) -> tuple[str, str, Json | None] | None:
        name = identifier(call)
        if not by_member(call) and name not in seen:
            seen.append(name)
        others = [other for other in seen if other != name]
        if of_place(call, PATHS[MARK]) and others:
            return "PUT", f"/workspaces/{others[-1]}/favorite", None
        return None

    return also


def _one_for_all(call: Call, _: Json, memory: Memory) -> list[Further]:
    """Remove all other marks, too."""
    others = [other for other in memory.marked if other != identifier(call)]
    return [("DELETE", f"/workspaces/{other}/favorite", None) for other in others]


FAULTS: list[Fault] = [
    refused_in(
        "delete",
        MARK,
        "deleted-ones-have-no-mark",
        "A deleted workspace cannot be marked.",
        "favorite/in-any-state",
    ),
    lost_in(
        "dormant",
        MARK,
        "dormant-ones-lose-marks",
        "The mark of a dormant workspace is not stored.",
        "favorite/in-any-state",
    ),
    at(
        ALL,
        "one-mark-marks-two",
        "With one workspace another one is marked.",
        "favorite/one-at-a-time",
        MARK,
        also=_other_marked(),
    ),
    at(
        MARK,
        "readers-mark-for-the-owner",
        "Who only reads a workspace marks it for its owner.",
        "favorite/only-own",
        rewrite=strangers(),
    ),
    at(
        UNMARK,
        "readers-take-marks-away",
        "Who only reads a workspace takes the mark of its owner away.",
        "favorite/only-own",
        rewrite=strangers(),
    ),
    at(
        UNMARK,
        "readers-seem-to-take-marks-away",
        "Who only reads a workspace is told that its mark is gone.",
        "favorite/only-own",
        alter=turned(403, 204, by_member),
    ),
    named(GET, "others-see-the-mark", "favorite/per-owner", MARK, rewrite=as_owner),
    named(MARK, "a-mark-is-not-stored", "favorite/takes-effect", drop=True),
    named(
        LIST,
        "marks-are-not-listed",
        "favorite/takes-effect",
        MARK,
        alter=on_workspaces(_no_mark_in_list),
    ),
    minding(
        "marks-of-the-dormant-stay",
        UNMARK,
        "unfavorite/in-any-state",
        "The mark of a dormant workspace cannot be removed.",
        dormant,
        refusal=409,
    ),
    minding(
        "marks-of-the-deleted-stay",
        UNMARK,
        "unfavorite/in-any-state",
        "The mark of a deleted workspace cannot be removed.",
        in_status("deleted"),
        refusal=404,
    ),
    minding(
        "what-was-never-marked-is-not-found",
        UNMARK,
        "unfavorite/never-marked",
        "A mark that is not there cannot be removed.",
        lambda c, _, m: identifier(c) not in m.marked,
        refusal=404,
    ),
    following(
        "one-mark-goes-with-all-others",
        UNMARK,
        "unfavorite/one-at-a-time",
        "Removing a mark removes all others.",
        _one_for_all,
    ),
    named(UNMARK, "a-mark-is-not-removed", "unfavorite/takes-effect", drop=True),
]
