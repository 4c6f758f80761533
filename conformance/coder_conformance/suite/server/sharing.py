"""Giving the second user a role on a workspace."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from .scenario import Scenario

Json = dict[str, Any]
Share = Callable[[str], None]
ACL = "updateWorkspaceAcl"


@contextmanager
def sharing(scenario: Scenario, workspace: Json, other: str) -> Generator[Share]:
    """Gives the second user a role on a workspace, and takes it back at the end."""

    def give(role: str) -> None:
        scenario.on(workspace, ACL, 204, body={"user_roles": {other: role}})

    give("")
    try:
        yield give
    finally:
        everyone = {workspace["organization_id"]: ""}
        body = {"user_roles": {other: ""}, "group_roles": everyone}
        scenario.on(workspace, ACL, 204, body=body)
