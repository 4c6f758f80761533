"""Faults of users who may read all workspaces and change none."""

from __future__ import annotations

import re
from typing import Any

from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faults.pieces.answers import Alter, turned
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import (
    BUILD,
    EVERYWHERE,
    GET,
    HEADER,
    LIST,
    MARK,
    PATHS,
    RESOLVE,
    TIMINGS,
    TTL,
    UPDATES,
    USAGE,
    Place,
)
from tests.conformance.faults.pieces.requests import Rewrite, When, caller, field, of_place
from tests.conformance.faulty import Answer, Call, Fault


def _observed(place: Place) -> When:
    """Requests of others at a place while somebody has a role."""
    roles: list[str] = []

    def observed(call: Call) -> bool:
        if call.method == "PUT" and re.fullmatch(r"/users/[^/]+/roles", call.path):
            roles[:] = field(call, "roles")
        return bool(roles) and caller(call) != OWNER.token and of_place(call, place)

    return observed


def _as_owner(place: Place) -> Rewrite:
    """Whoever has a role may do everything at a place."""
    observed = _observed(place)

    def rewrite(call: Call) -> None:
        if observed(call):
            call.headers[HEADER] = str(OWNER.token)

    return rewrite


def _answered(old: int, new: int, place: Place) -> Alter:
    """Whoever has a role gets another status at a place."""
    observed = _observed(place)

    def alter(answer: Answer) -> None:
        # Every answer is looked at, since it may be the one that gives a role.
        holds = answer.call is not None and observed(answer.call)
        turned(old, new, lambda _: holds)(answer)

    return alter


def _of_observers(name: str, sentence: str, requirement: str, operation: str, **how: Any) -> Fault:
    """A fault that shows where the suite makes its second user and gives that one a role."""
    return at(EVERYWHERE, name, sentence, requirement, operation, alone=True, **how)


FAULTS: list[Fault] = [
    _of_observers(
        "observers-see-no-timings",
        "Who may read all workspaces gets no timings of them.",
        "isolation/observer-can-read",
        TIMINGS,
        alter=_answered(200, 404, PATHS[TIMINGS]),
    ),
    _of_observers(
        "observers-list-nothing",
        "Who may read all workspaces is not let to list them.",
        "isolation/observer-can-read",
        LIST,
        alter=_answered(200, 403, PATHS[LIST]),
    ),
    _of_observers(
        "observers-change-the-ttl",
        "Who may read all workspaces may also say when they stop.",
        "isolation/observer-cannot-change",
        TTL,
        rewrite=_as_owner(PATHS[TTL]),
    ),
    _of_observers(
        "observers-mark-what-they-see",
        "Who may read a workspace may mark it.",
        "isolation/observer-cannot-change",
        MARK,
        drop=True,
        when=_observed(PATHS[MARK]),
    ),
    _of_observers(
        "observers-are-forbidden-updates",
        "Who may read all workspaces is refused with 403 where there is nothing to be found.",
        "isolation/observer-cannot-change",
        UPDATES,
        alter=_answered(404, 403, PATHS[UPDATES]),
    ),
    _of_observers(
        "observers-build-what-they-see",
        "Who may read a workspace may also start it.",
        "isolation/observer-cannot-change",
        USAGE,
        rewrite=_as_owner(BUILD),
    ),
    _of_observers(
        "observers-see-what-is-dormant",
        "Who may read all workspaces may also read dormant ones.",
        "isolation/observer-does-not-see-dormant",
        GET,
        rewrite=_as_owner(PATHS[GET]),
    ),
    _of_observers(
        "observers-list-what-is-dormant",
        "Who may read all workspaces has dormant ones in the list as well.",
        "isolation/observer-does-not-see-dormant",
        RESOLVE,
        rewrite=_as_owner(PATHS[LIST]),
    ),
]
