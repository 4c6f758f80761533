"""The background executor: autostart, autostop, dormancy, auto-deletion and noted usage."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from coder_conformance.reference.domain.model import Build, Workspace
from coder_conformance.reference.lifecycle.builds import BuildOrder, Builds
from coder_conformance.reference.lifecycle.core import Core
from coder_conformance.reference.rules.parameters import resolve

logger = logging.getLogger(__name__)


class Executor:
    """Looks at every workspace once a tick and does what its settings ask for."""

    def __init__(self, core: Core, builds: Builds) -> None:
        """Work on ``core``, making builds with ``builds``."""
        self._core = core
        self._builds = builds

    def start(self) -> None:
        """Schedule the first tick, at the next multiple of the interval."""
        interval = self._core.settings.tick_seconds
        now = self._core.clock.now()
        elapsed = now.timestamp() % interval
        self._core.scheduler.at(now + timedelta(seconds=interval - elapsed), self._tick)

    def _tick(self) -> None:
        for workspace in list(self._core.store.live_workspaces()):
            self._look_at(workspace)
        for workspace in self._core.store.workspaces.values():
            if workspace.deleted and workspace.usage_pending:
                self._note_usage(workspace)
        self.start()

    def _look_at(self, workspace: Workspace) -> None:
        now = self._core.clock.now()
        if workspace.usage_pending:
            self._note_usage(workspace)
        build = self._core.store.latest[workspace.id]
        if build.job.completed_at is None:
            return
        if workspace.dormant_at is not None:
            if workspace.deleting_at is not None and workspace.deleting_at <= now:
                self._build(workspace, build, "delete", "autodelete")
        elif self._is_forgotten(workspace, now):
            self._make_dormant(workspace, build)
        elif build.is_running and build.deadline is not None and build.deadline <= now:
            self._build(workspace, build, "stop", "autostop")
        elif self._is_start_due(workspace, build, now):
            self._build(workspace, build, "start", "autostart")

    def _note_usage(self, workspace: Workspace) -> None:
        workspace.usage_pending = False
        workspace.last_used_at = self._core.clock.now()
        self._core.store.save(workspace)

    def _is_forgotten(self, workspace: Workspace, now: datetime) -> bool:
        limit = self._core.store.templates[workspace.template_id].time_til_dormant_ms
        return limit > 0 and workspace.last_used_at + timedelta(milliseconds=limit) <= now

    def _make_dormant(self, workspace: Workspace, build: Build) -> None:
        now = self._core.clock.now()
        template = self._core.store.templates[workspace.template_id]
        workspace.dormant_at = now
        workspace.next_start_at = None
        if template.time_til_dormant_autodelete_ms:
            wait = timedelta(milliseconds=template.time_til_dormant_autodelete_ms)
            workspace.deleting_at = now + wait
        self._core.store.save(workspace)
        if build.is_running:
            self._build(workspace, build, "stop", "dormancy")

    def _is_start_due(self, workspace: Workspace, build: Build, now: datetime) -> bool:
        if not workspace.autostart_schedule or build.status != "stopped":
            return False
        if not self._core.store.templates[workspace.template_id].allow_user_autostart:
            return False
        if self._core.store.users[workspace.owner_id].status == "suspended":
            return False
        if workspace.next_start_at is None:
            # Left open by the end of dormancy: computed now, so that it lies ahead.
            self._core.plan_next_start(workspace)
            self._core.store.save(workspace)
        due = workspace.next_start_at
        return due is not None and due <= now

    def _build(self, workspace: Workspace, last: Build, transition: str, reason: str) -> None:
        store = self._core.store
        version = store.versions[last.version_id]
        template = store.templates[workspace.template_id]
        if transition == "start" and (
            workspace.automatic_updates == "always" or template.require_active_version
        ):
            version = store.versions[template.active_version_id]
        chosen = resolve(version, {}, previous=last.parameters)
        if chosen.problems:
            logger.warning("workspace %s cannot be started: %s", workspace.id, chosen.problems)
            return
        order = BuildOrder(
            transition=transition,
            version=version,
            initiator_id=workspace.owner_id,
            reason=reason,
            parameters=chosen.values,
        )
        self._builds.create(workspace, order)
        self._core.events.publish(workspace.id)
