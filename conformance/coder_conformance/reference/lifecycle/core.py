"""What everything that happens over time works with."""

from __future__ import annotations

from dataclasses import dataclass

from coder_conformance.reference.clock import Clock
from coder_conformance.reference.domain.model import Build, Workspace
from coder_conformance.reference.domain.store import Store
from coder_conformance.reference.ids import Ids
from coder_conformance.reference.lifecycle.events import Events
from coder_conformance.reference.rules.schedule import parse_schedule
from coder_conformance.reference.scheduler import Scheduler
from coder_conformance.reference.settings import Settings


@dataclass(frozen=True, slots=True)
class Core:
    """The parts of a deployment that its processes share."""

    settings: Settings
    clock: Clock
    ids: Ids
    store: Store
    scheduler: Scheduler
    events: Events

    def save_and_tell(self, build: Build) -> None:
        """Save ``build`` and tell the watchers of its workspace."""
        self.store.save(build)
        self.events.publish(build.workspace_id)

    def is_current(self, build: Build) -> bool:
        """Tell whether ``build`` is the latest of a workspace that still exists."""
        return self.store.latest.get(build.workspace_id) is build

    def plan_next_start(self, workspace: Workspace) -> None:
        """Compute ``next_start_at`` from the schedule; nothing while dormant or without one."""
        if not workspace.autostart_schedule or workspace.dormant_at is not None:
            workspace.next_start_at = None
        else:
            schedule = parse_schedule(workspace.autostart_schedule)
            workspace.next_start_at = schedule.next_after(self.clock.now())

    def ttl_of(self, workspace: Workspace) -> int | None:
        """Return the milliseconds after which ``workspace`` is stopped, ``None`` for never."""
        template = self.store.templates[workspace.template_id]
        if not template.allow_user_autostop:
            return template.default_ttl_ms or None
        return workspace.ttl_ms

    def workspace_of(self, build: Build) -> Workspace:
        """Return the workspace that ``build`` belongs to."""
        return self.store.workspaces[build.workspace_id]
