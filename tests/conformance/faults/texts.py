"""Servers that say why they refuse something in other words than everybody knows."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.faults.pieces.answers import Alter, answered
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import ACL, USAGE
from tests.conformance.faulty import Fault, Json

ALONE: Json = {"experiments": frozenset({"workspace-usage"})}


def _detail(old: str, new: str) -> Callable[[Json], None]:
    def change(value: Json) -> None:
        for entry in value.get("validations", []):
            entry["detail"] = entry["detail"].replace(old, new)

    return change


def _users_first(value: Json) -> None:
    value.get("validations", []).reverse()


def _gate(value: Json) -> None:
    value["message"] = "Workspace sharing is switched off."


def _refusals(change: Callable[[Json], None]) -> Alter:
    return answered(400, change)


FAULTS: list[Fault] = [
    at(
        ACL,
        "sharing-is-off-in-other-words",
        "That sharing is switched off is told without the name of the experiment.",
        "acl/gate-message",
        alter=answered(403, _gate),
        deployment=ALONE,
    ),
    at(
        ACL,
        "unknown-groups-in-other-words",
        "That a group does not exist is told in other words.",
        "acl/messages",
        alter=_refusals(_detail("does not exist", "is unknown")),
    ),
    at(
        ACL,
        "users-are-told-before-groups",
        "What is wrong with users is told before what is wrong with groups.",
        "acl/messages",
        alter=_refusals(_users_first),
    ),
    at(
        USAGE,
        "apps-are-not-listed",
        "Which apps there are is not told whoever names another one.",
        "usage/messages",
        alter=_refusals(_detail(" [vscode jetbrains reconnecting-pty ssh]", " the known ones")),
    ),
]
