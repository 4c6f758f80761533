"""A record on disk of what a run is about to create, for finishing the job of a killed run."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from coder_spec.files import is_object

from . import second_user
from .world import World

# What the names of every run look like; renames may have changed their case.
OURS = re.compile(r"cf-[0-9a-f]{6}-.+", re.IGNORECASE)


class Journal:
    """Names of workspaces and users, written before the requests that create them.

    Args:
        folder: Folder of the reports.
        url: The server.
        run: Random part of this run's names.
    """

    def __init__(self, folder: Path, url: str, run: str) -> None:
        self.path = folder / f"journal-{run}.jsonl"
        self.url = url

    def note(self, name: str) -> None:
        """Write the name of a workspace so that it survives the end of this process.

        Raises:
            OSError: It cannot be written.
        """
        self._write({"name": name})

    def note_user(self, name: str) -> None:
        """Write the name of a user; see `note`."""
        self._write({"name": name, "kind": "user"})

    def note_refused(self, name: str) -> None:
        """Write that a user was not created after all; see `note`."""
        self._write({"name": name, "kind": "refused"})

    def _write(self, entry: dict[str, str]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"url": self.url, **entry}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def forget(self) -> None:
        """Remove the record: everything is gone from the server."""
        self.path.unlink(missing_ok=True)


def sweep(world: World, folder: Path) -> tuple[list[str], list[str]]:
    """Delete what runs left on a server.

    Everything goes that has a name of the form `cf-<run>-…` and belongs to the user or to users
    whom runs created, and these users. Such a user is known by workspaces, if the user may see
    those, or by a journal in the folder. Journals of this server are removed when nothing is left.

    Returns:
        The users that were deleted, and what could not be deleted, with the reason.

    Raises:
        CannotJudgeError: The server cannot be used.
    """
    found = {path: _entries(path) for path in folder.glob("journal-*.jsonl")}
    journals = {
        path: entries
        for path, entries in found.items()
        if any(entry.get("url") == world.wire.url for entry in entries)
    }
    users = [name for entries in journals.values() for name in _users(entries)]
    world.created += [w["id"] for w in world.mine() if OURS.fullmatch(w["name"])]
    for workspace in world.visible("name:cf-"):
        owner = workspace["owner_name"]
        if second_user.OURS.fullmatch(owner) and OURS.fullmatch(workspace["name"]):
            users.append(owner)
            world.created.append(workspace["id"])
    leftovers = world.cleanup()
    deleted: list[str] = []
    # To a user without roles all others are unknown, be they there or not.
    blind = bool(users) and not world.identify()["roles"]
    for name in dict.fromkeys(users):
        reason = f"the user {name}: this token may not delete users"
        if not blind:
            reason = second_user.delete(world, name)
        if reason:
            leftovers.append(reason)
        else:
            deleted.append(name)
    if not leftovers:
        for path in journals:
            path.unlink(missing_ok=True)
    return deleted, leftovers


def _entries(path: Path) -> list[dict[str, Any]]:
    """What a journal says; the last line may be cut off, and others may be damaged."""
    entries: list[dict[str, Any]] = []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if is_object(entry):
            entries.append(entry)
    return entries


def _users(entries: list[dict[str, Any]]) -> list[str]:
    """The users of a journal whose creation was not refused, if they have the names of ours."""
    refused = {str(entry.get("name")) for entry in entries if entry.get("kind") == "refused"}
    asked = [str(entry.get("name")) for entry in entries if entry.get("kind") == "user"]
    return [n for n in asked if n not in refused and second_user.OURS.fullmatch(n)]
