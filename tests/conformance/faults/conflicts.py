"""Servers that look at the state before the body, or put conflicts in other words."""

from __future__ import annotations

import re

from tests.conformance.faults.pieces.answers import Alter, answered, says
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.past import in_state
from tests.conformance.faults.pieces.places import ALL, EXTEND, SHOWN
from tests.conformance.faults.pieces.requests import identifier, of_place
from tests.conformance.faulty import Answer, Fault, Json, on_workspaces

PLACE = ("PUT", r"/workspaces/[^/]+/extend")


def _state_first(state: str) -> Alter:
    """Whatever the body is, the state is told."""
    is_so = in_state(state, PLACE)

    def conflict(answer: Answer) -> bool:
        so = answer.call is not None and is_so(answer.call)
        return so and answer.status == 400

    return says(409, f"Workspace must be started, current status: {state}", conflict)


class _ManualFirst:
    """The missing deadline of a running workspace is told before the body is looked at."""

    def __init__(self) -> None:
        self.manual: dict[str, bool] = {}

    def __call__(self, answer: Answer) -> None:
        """Note which ones have a deadline, and refuse new ones of the others."""
        call = answer.call
        if call is None:
            return
        if of_place(call, SHOWN) and answer.status == 200:
            on_workspaces(self._note)(answer)
        elif of_place(call, PLACE) and answer.status == 400 and self.manual.get(identifier(call)):
            says(409, "Workspace shutdown is manual.", bool)(answer)

    def _note(self, shown: Json) -> None:
        build = shown["latest_build"]
        self.manual[shown["id"]] = build["status"] == "running" and build["deadline"] is None


def _worded(pattern: str, new: str) -> Alter:
    def change(value: Json) -> None:
        value["message"] = re.sub(pattern, new, value["message"])

    return answered(409, change)


def _without_value(value: Json) -> None:
    for entry in value.get("validations", []):
        entry["detail"] = "deadline is required"


FAULTS: list[Fault] = [
    *(
        at(
            ALL,
            f"{word}-ones-are-told-before-the-body",
            f"A bad body about a {word} workspace is answered with 409.",
            f"extend/{word}",
            EXTEND,
            alter=alter,
        )
        for word, alter in (
            ("stopped", _state_first("stop")),
            ("deleted", _state_first("delete")),
            ("manual", _ManualFirst()),
        )
    ),
    *(
        at(
            EXTEND,
            f"conflicts-of-{word}-ones-in-other-words",
            f"That a workspace is {word} is told in other words than the fixed ones.",
            "extend/conflict-messages",
            alter=_worded(pattern, new),
        )
        for word, pattern, new in (
            ("stopped", "^Workspace must be started, current", "The workspace is not started:"),
            ("building", "^Workspace is still building!$", "The workspace is building."),
            ("manual", "shutdown is manual", "is stopped by hand (manual)"),
        )
    ),
    at(
        EXTEND,
        "missing-deadlines-in-other-words",
        "That a deadline is missing is told in other words than those of the rule.",
        "extend/missing-message",
        alter=answered(400, _without_value),
    ),
]
