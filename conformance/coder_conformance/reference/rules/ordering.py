"""The order in which workspaces are listed."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from coder_conformance.reference.domain.model import Build, Workspace


def arrange(found: Iterable[tuple[Workspace, Build]], viewer: UUID) -> list[Workspace]:
    """Put the viewer's favourites first, then what runs, keeping the order otherwise.

    ``found`` has to be in the order of owner and name already.
    """
    groups: tuple[list[Workspace], ...] = ([], [], [], [])
    for workspace, build in found:
        favorite = workspace.favorite and workspace.owner_id == viewer
        groups[(0 if favorite else 2) + (0 if build.is_running else 1)].append(workspace)
    return [workspace for group in groups for workspace in group]
