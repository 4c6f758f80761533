"""Values that exist on the server, for generated requests to hit more than 404."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from coder_spec import Operation

from .context import Context
from .exchange import Exchange
from .requests import RequestJudge

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What of the server generated requests may name.

    Attributes:
        workspaces: The suite's own workspaces: one running, one stopped.
        words: Values for each parameter, by schemathesis' name of it.
    """

    workspaces: tuple[Json, ...]
    words: dict[str, list[Any]]

    @classmethod
    def prepare(cls, context: Context) -> Known:
        """Create what is needed.

        Raises:
            CannotJudgeError: It could not be created.
        """
        world = context.world
        assert world is not None
        shared = context.shared
        assert shared is not None
        readonly = shared.readonly
        workspaces = (shared.any(),) if readonly else (shared.running(), shared.stopped())
        me, template = world.me, world.template
        soon = world.now() + timedelta(hours=2)
        deadlines = [
            (soon + timedelta(hours=hours)).isoformat(timespec="seconds").replace("+00:00", "Z")
            for hours in (0, 5, 50)
        ]
        words: dict[str, list[Any]] = {
            "path.workspace": [workspace["id"] for workspace in workspaces],
            "path.workspacename": [workspace["name"] for workspace in workspaces],
            "path.user": ["me", me["id"], me["username"]],
            "path.organization": ["default", template["organization_id"]],
            "body.template_id": [template["id"]],
            "body.template_version_id": [template["active_version_id"]],
            "body.name": [] if readonly else [world.name() for _ in range(12)],
            "body.deadline": deadlines,
            "body.ttl_ms": [0, 60_000, 90_000, 2_592_000_000, 2_592_059_999, 59_999, -60_000],
        }
        return cls(workspaces, {name: values for name, values in words.items() if values})

    def config(self) -> tuple[Json, Json]:
        """The dictionaries and the parameters that use them, as schemathesis' configuration."""
        always = {"path.user", "path.organization", "body.template_id", "body.template_version_id"}
        always |= {"body.deadline"}
        names = {key: key.replace(".", "_") for key in self.words}
        return (
            {names[key]: {"values": values} for key, values in self.words.items()},
            {
                key: {"dictionary": name, "probability": 0.9 if key in always else 0.8}
                for key, name in names.items()
            },
        )

    def exists(self, judge: RequestJudge, operation: Operation, seen: Exchange) -> bool:
        """Whether everything that the path of a request names exists."""
        values = judge.path_values(operation, urlsplit(seen.url).path) or {}
        known = {
            "workspace": self.words["path.workspace"],
            "workspacename": self.words["path.workspacename"],
            "user": self.words["path.user"],
            "organization": self.words["path.organization"],
        }
        return all(value in known.get(name, ()) for name, value in values.items())
