"""Faults with their sentence, at a place."""

from __future__ import annotations

from typing import Any

from tests.conformance.faults.pieces.past import in_state
from tests.conformance.faults.pieces.places import ALL, PATHS, Place
from tests.conformance.faulty import Fault


def at(
    place: Place | str, name: str, sentence: str, requirement: str, operation: str = "", **how: Any
) -> Fault:
    """A fault with its sentence, at a place of its own or where its operation is."""
    if isinstance(place, str):
        operation, place = operation or place, PATHS[place]
    return Fault(name, operation, requirement, *place, sentence=sentence, **how)


def named(
    place: Place | str, name: str, requirement: str, operation: str = "", **how: Any
) -> Fault:
    """A fault whose name says what is wrong."""
    return at(place, name, "", requirement, operation, **how)


def refused_in(
    state: str, operation: str, name: str, sentence: str, requirement: str, place: str = ""
) -> Fault:
    """A setting that is refused in a state."""
    refuse = in_state(state, PATHS[place or operation])
    return at(ALL, name, sentence, requirement, operation, refuse=refuse)


def lost_in(state: str, operation: str, name: str, sentence: str, requirement: str) -> Fault:
    """A setting that is accepted and lost in a state."""
    when = in_state(state, PATHS[operation])
    return at(ALL, name, sentence, requirement, operation, drop=True, when=when)
