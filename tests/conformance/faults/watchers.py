"""Faults of watchers: many, gone ones, and those of other workspaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import SSE, WS
from tests.conformance.faults.pieces.streams import Told, both, frames, messages
from tests.conformance.faulty import WORKSPACE, Answer, Fault, Json


def _first_only(when: Callable[[Json], bool]) -> Told:
    """Tell some watchers of the state at the beginning and of nothing else."""

    def told(payload: Json, memory: Json) -> Iterable[Json | None]:
        memory["seen"] = memory.get("seen", 0) + 1
        return [] if memory["seen"] > 1 and when(memory) else [payload]

    return told


def _nothing(when: Callable[[Json], bool]) -> Told:
    """Tell some watchers nothing at all."""
    return lambda payload, memory: [] if when(memory) else [payload]


class _Neighbours:
    """Tells a watcher, with the next event, how another workspace looked when it was read last."""

    def __init__(self) -> None:
        self.read: dict[str, Json] = {}

    def see(self, answer: Answer) -> None:
        """Take note of a workspace that is read."""
        if answer.status == 200 and answer.body.startswith(b"{"):
            value = answer.json
            if "latest_build" in value:
                self.read[value["id"]] = value

    def told(self, payload: Json, memory: Json) -> Iterable[Json | None]:
        """The neighbour's news and then one's own."""
        memory["seen"] = memory.get("seen", 0) + 1
        others = [w for w in self.read.values() if w["id"] != payload["id"]]
        return [*others[-1:], payload] if memory["seen"] > 1 else [payload]


def _neighbours() -> list[Fault]:
    one, two = _Neighbours(), _Neighbours()
    path = f"{WORKSPACE}(/watch|/watch-ws)?"
    sentence = "A watcher is also told of the workspace that was read last."
    return [
        Fault(
            "events-of-the-neighbours",
            SSE,
            "watch/only-this-workspace",
            "GET",
            path,
            alter=one.see,
            frames=frames(one.told),
            sentence=sentence,
        ),
        Fault(
            "messages-of-the-neighbours",
            WS,
            "watch-ws/only-this-workspace",
            "GET",
            path,
            alter=two.see,
            messages=messages(two.told),
            sentence=sentence,
        ),
    ]


FAULTS: list[Fault] = [
    at(
        SSE,
        "events-are-over-after-four-watchers",
        "Once four watchers have left, new ones are told nothing.",
        "robustness/aborted-watch",
        frames=frames(_nothing(lambda m: bool(m["before"] >= 4))),
    ),
    at(
        WS,
        "messages-are-over-after-four-watchers",
        "Once four watchers have left, new ones are told nothing.",
        "robustness/aborted-watch",
        messages=messages(_nothing(lambda m: bool(m["before"] >= 4))),
    ),
    *both(
        "reach-the-first-five",
        "of many watchers the first five are told of changes.",
        "many-watchers",
        lambda: _first_only(lambda m: bool(m["place"] >= 5)),
    ),
    *_neighbours(),
    *both(
        "end-with-the-first-who-leaves",
        "once a watcher has left, those who were there are told nothing more.",
        "survives-closed-watchers",
        lambda: _first_only(lambda m: bool(m["left"] > 0)),
    ),
]
