"""A record on disk of what a run is about to create, for finishing the job of a killed run."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from .world import World

# What the names of every run look like; renames may have changed their case.
OURS = re.compile(r"cf-[0-9a-f]{6}-.+", re.IGNORECASE)


class Journal:
    """Names of workspaces, written before the requests that create them.

    Args:
        folder: Folder of the reports.
        url: The server.
        run: Random part of this run's names.
    """

    def __init__(self, folder: Path, url: str, run: str) -> None:
        self.path = folder / f"journal-{run}.jsonl"
        self.url = url

    def note(self, name: str) -> None:
        """Write a name so that it survives the end of this process.

        Raises:
            OSError: It cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"url": self.url, "name": name}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def forget(self) -> None:
        """Remove the record: everything is gone from the server."""
        self.path.unlink(missing_ok=True)


def sweep(world: World, folder: Path) -> list[str]:
    """Delete what runs left on a server; what could not be deleted, with the reason.

    Everything goes that belongs to the user and has a name of the form `cf-<run>-…`. Journals of
    this server in the folder are removed when nothing is left.

    Raises:
        CannotJudgeError: The server cannot be used.
    """
    world.created += [w["id"] for w in world.mine() if OURS.fullmatch(w["name"])]
    leftovers = world.cleanup()
    if not leftovers:
        for path in folder.glob("journal-*.jsonl"):
            if json.dumps(world.wire.url) in path.read_text(encoding="utf-8"):
                path.unlink()
    return leftovers
