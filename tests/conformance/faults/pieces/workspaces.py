"""How faults change what is shown of workspaces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.conformance.faulty import Json

Change = Callable[[Json], None]


def deep(change: Callable[[Json], object]) -> Callable[[Json], None]:
    """Change each agent of a workspace."""

    def each(workspace: Json) -> None:
        for resource in workspace["latest_build"]["resources"]:
            for agent in resource.get("agents", []):
                change(agent)

    return each


def put(value: Any, *path: str) -> Callable[[Json], None]:
    """Change one field, however deep."""

    def change(holder: Json) -> None:
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = value

    return change


def without(*path: str) -> Callable[[Json], None]:
    """Leave out one field, however deep."""

    def change(holder: Json) -> None:
        for name in path[:-1]:
            holder = holder[name]
        holder.pop(path[-1], None)

    return change


def only(when: Callable[[Json], bool], change: Callable[[Json], None]) -> Callable[[Json], None]:
    """Change only some."""

    def maybe(value: Json) -> None:
        if when(value):
            change(value)

    return maybe


def is_deleted(workspace: Json) -> bool:
    """Whether a workspace was deleted."""
    return bool(workspace["latest_build"]["status"] == "deleted")


def is_dormant(workspace: Json) -> bool:
    """Whether a workspace is dormant."""
    return workspace["dormant_at"] is not None


def is_stopped(workspace: Json) -> bool:
    """Whether the latest build stops a workspace."""
    return bool(workspace["latest_build"]["transition"] == "stop")


def moved_by(text: str, **by: float) -> str:
    """Another moment."""
    return (datetime.fromisoformat(text) + timedelta(**by)).isoformat().replace("+00:00", "Z")
