"""Servers that treat deleted workspaces wrongly."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults.pieces.answers import Alter, says
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.past import in_state
from tests.conformance.faults.pieces.places import ACL, ALL, BY_NAME, DORMANT, GET, PATHS, Place
from tests.conformance.faults.pieces.requests import Rewrite, as_owner, by_member
from tests.conformance.faulty import Answer, Call, Fault, without_content


def of_deleted(operation: str) -> Rewrite:
    """Give the second user the first one's rights on workspaces that were deleted."""
    gone = in_state("delete", PATHS[operation])

    def rewrite(call: Call) -> None:
        # All requests have to be looked at, since deletions are noticed by them.
        if gone(call) and by_member(call):
            as_owner(call)

    return rewrite


def asking_for_deleted(call: Call) -> None:
    """Let whoever asks for deleted workspaces by name see those of others."""
    if by_member(call) and call.get("include_deleted") == "true":
        as_owner(call)


def of_gone(place: Place) -> Callable[[Answer], bool]:
    """Answers to requests about workspaces that were deleted."""
    gone = in_state("delete", place)
    return lambda answer: answer.call is not None and gone(answer.call)


def refusing(place: Place, *statuses: int) -> Alter:
    """Refuse what would work on a deleted workspace."""
    gone = of_gone(place)
    return says(409, "Workspace was deleted.", lambda a: gone(a) and a.status in statuses)


def keeping(place: Place) -> Alter:
    """Say of a deleted workspace that there is nothing to change."""
    gone = of_gone(place)

    def alter(answer: Answer) -> None:
        if gone(answer) and answer.status == 200:
            answer.status, answer.body = 304, b""
            answer.headers = without_content(answer.headers)

    return alter


FAULTS: list[Fault] = [
    at(
        ALL,
        "deleted-ones-are-gone-for-everybody",
        "A deleted workspace of another user is answered with 410, or shown to who asks for it.",
        "isolation/unknown-and-hidden-alike",
        GET,
        rewrite=of_deleted(GET),
    ),
    at(
        ALL,
        "deleted-ones-can-be-shared-by-anybody",
        "Sharing of a deleted workspace is the same for everybody.",
        "isolation/writes-leave-no-trace",
        ACL,
        rewrite=of_deleted(ACL),
    ),
    at(
        BY_NAME,
        "asking-for-deleted-ones-shows-others",
        "With deleted ones included a workspace of another user is found by its name.",
        "get-by-name/hides-what-cannot-be-read",
        rewrite=asking_for_deleted,
    ),
    at(
        ALL,
        "deleted-ones-neither-sleep-nor-wake",
        "Dormancy of a deleted workspace is answered with 304 in any case.",
        "dormancy/of-a-deleted-one",
        DORMANT,
        alter=keeping(PATHS[DORMANT]),
    ),
    at(
        ALL,
        "deleted-ones-have-no-dormancy",
        "Dormancy of a deleted workspace is refused.",
        "dormancy/of-a-deleted-one",
        DORMANT,
        alter=refusing(PATHS[DORMANT], 200, 304),
    ),
    at(
        ALL,
        "deleted-ones-have-no-sharing",
        "A change of the sharing of a deleted workspace that changes nothing is refused.",
        "acl/empty",
        ACL,
        alter=refusing(PATHS[ACL], 204),
    ),
    at(
        ALL,
        "the-sharing-of-deleted-ones-is-not-off",
        "That sharing is switched off is not told of deleted workspaces.",
        "acl/off-by-default",
        ACL,
        alter=refusing(PATHS[ACL], 403),
        deployment={"experiments": frozenset({"workspace-usage"})},
    ),
]
