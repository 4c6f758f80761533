"""Builds: their jobs on the way through the states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from coder_conformance.reference.domain.model import (
    Build,
    Job,
    Preset,
    Stage,
    TemplateVersion,
    Workspace,
)
from coder_conformance.reference.lifecycle.agents import Agents, make_resource
from coder_conformance.reference.lifecycle.core import Core
from coder_conformance.reference.rules.schedule import parse_schedule
from coder_conformance.reference.rules.ttl import first_deadline

# Which part of a build's duration passes before a provisioner takes the job.
QUEUE_SHARE = 0.25
# Which part passes between the request to cancel a running job and its end.
CANCEL_SHARE = 0.25
# When a job that is stuck is ended: without news from its provisioner, or without one at all.
STUCK_RUNNING = timedelta(minutes=5)
STUCK_PENDING = timedelta(minutes=30)
# The steps of a job and the part of the running time that each takes.
STAGES = (("init", 0.2), ("plan", 0.3), ("graph", 0.1), ("apply", 0.4))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOrder:
    """Everything that is known about a build before it is made."""

    transition: str
    version: TemplateVersion
    initiator_id: UUID
    reason: str = "initiator"
    parameters: Mapping[str, str]
    preset: Preset | None = None
    orphan: bool = False


class Builds:
    """Makes builds and takes their jobs from pending to the end."""

    def __init__(self, core: Core) -> None:
        """Work on ``core``."""
        self._core = core
        self._agents = Agents(core)
        self.worker_id = core.ids.uuid()

    def create(self, workspace: Workspace, order: BuildOrder) -> Build:
        """Make the next build of ``workspace`` and queue its job. Tells nobody."""
        core = self._core
        now = core.clock.now()
        previous = core.store.latest.get(workspace.id)
        job = Job(
            id=core.ids.uuid(),
            created_at=now,
            updated_at=now,
            organization_id=workspace.organization_id,
            kind="workspace_build",
            file_id=order.version.job.file_id,
            tags={"owner": "", "scope": "organization"},
        )
        build = Build(
            id=core.ids.uuid(),
            workspace_id=workspace.id,
            number=1 if previous is None else previous.number + 1,
            transition=order.transition,
            version_id=order.version.id,
            initiator_id=order.initiator_id,
            reason=order.reason,
            job=job,
            created_at=now,
            updated_at=now,
            preset_id=None if order.preset is None else order.preset.id,
            orphan=order.orphan,
            parameters=dict(order.parameters),
        )
        core.store.save(build)
        if previous is not None:
            self._agents.disconnect(previous)
        self._schedule(build)
        return build

    def queue_position(self, build: Build) -> tuple[int, int]:
        """Return the place of a pending job in the queue and the queue's length, else zeros."""
        if build.job.status != "pending":
            return 0, 0
        waiting = [b for b in self._core.store.active_jobs.values() if b.job.status == "pending"]
        ahead = sum(1 for b in waiting if b.job.created_at <= build.job.created_at)
        return ahead, len(waiting)

    def cancel(self, build: Build) -> None:
        """Cancel the job of ``build``: at once while it waits, after a moment while it runs."""
        now = self._core.clock.now()
        job = build.job
        job.canceled_at = job.updated_at = build.updated_at = now
        if job.started_at is None:
            job.completed_at = now
        else:
            self._core.scheduler.at(
                now + timedelta(seconds=self._seconds(build) * CANCEL_SHARE),
                lambda: self._end_canceled(build),
            )
        self._core.save_and_tell(build)

    def resume(self) -> None:
        """Schedule everything that lies ahead of the builds in the store."""
        for build in list(self._core.store.active_jobs.values()):
            if build.job.canceled_at is not None:
                self._end_canceled(build)
            else:
                self._schedule(build)
        for build in self._core.store.latest.values():
            if build.is_running:
                self._agents.bring_up(build)

    def finish_now(self, build: Build) -> None:
        """Take ``build`` and its agents to their end at the present instant (for seeds)."""
        self._acquire(build)
        self._complete(build)
        if build.is_running:
            self._agents.bring_up_now(build)

    def fail_now(self, build: Build, error: str) -> None:
        """End ``build`` with ``error`` at the present instant (for seeds)."""
        self._acquire(build)
        now = self._core.clock.now()
        build.job.error = error
        build.job.completed_at = build.job.updated_at = build.updated_at = now
        self._core.store.save(build)

    def _seconds(self, build: Build) -> float:
        own = self._core.store.versions[build.version_id].build_seconds
        return self._core.settings.build_seconds if own is None else own

    def _schedule(self, build: Build) -> None:
        wait = timedelta(seconds=self._seconds(build) * QUEUE_SHARE)
        if self._hang(build) == "pending":
            self._schedule_rescue(build)
        elif build.job.started_at is None:
            self._core.scheduler.at(build.job.created_at + wait, lambda: self._acquire(build))
        else:
            self._schedule_end(build)

    def _schedule_end(self, build: Build) -> None:
        started = build.job.started_at or build.job.created_at
        if self._hang(build) == "running":
            self._core.scheduler.at(started + STUCK_RUNNING, lambda: self._reap(build))
            return
        run = timedelta(seconds=self._seconds(build) * (1 - QUEUE_SHARE))
        self._core.scheduler.at(started + run, lambda: self._complete(build))

    def _acquire(self, build: Build) -> None:
        job = build.job
        if job.status != "pending":
            return
        job.started_at = job.updated_at = build.updated_at = self._core.clock.now()
        job.worker_id = self.worker_id
        self._core.save_and_tell(build)
        self._schedule_end(build)

    def _hang(self, build: Build) -> str:
        """Return the state in which the job of ``build`` gets stuck, empty if it does not."""
        return self._core.store.versions[build.version_id].hangs.get(build.transition, "")

    def _schedule_rescue(self, build: Build) -> None:
        """Schedule the end of a job that no provisioner is going to take."""
        created = build.job.created_at
        if build.orphan:
            # There is nothing to destroy, so nobody is needed for it.
            self._core.scheduler.at(created, lambda: self._finish_orphan(build))
        else:
            self._core.scheduler.at(created + STUCK_PENDING, lambda: self._reap(build))

    def _finish_orphan(self, build: Build) -> None:
        if build.job.status == "pending":
            build.job.started_at = self._core.clock.now()
            self._complete(build)

    def _reap(self, build: Build) -> None:
        """End a job that is still where it got stuck."""
        job = build.job
        if job.completed_at is not None:
            return
        now = self._core.clock.now()
        wait = STUCK_PENDING if job.started_at is None else STUCK_RUNNING
        job.error = f"the job was stuck for {int(wait.total_seconds()) // 60} minutes and was ended"
        job.started_at = job.started_at or now
        job.completed_at = job.updated_at = build.updated_at = now
        self._core.save_and_tell(build)

    def _end_canceled(self, build: Build) -> None:
        if build.job.completed_at is not None:
            return
        now = self._core.clock.now()
        build.job.completed_at = build.job.updated_at = build.updated_at = now
        self._core.save_and_tell(build)

    def _complete(self, build: Build) -> None:
        job = build.job
        if job.status != "running":
            return
        core = self._core
        now = core.clock.now()
        version = core.store.versions[build.version_id]
        job.completed_at = job.updated_at = build.updated_at = now
        build.stages = _stages(build, version, now)
        error = version.build_errors.get(build.transition, "")
        if error and not build.orphan:
            job.error = error
        else:
            self._succeed(build, version, now)
        core.save_and_tell(build)
        if build.is_running:
            self._agents.bring_up(build)

    def _succeed(self, build: Build, version: TemplateVersion, now: datetime) -> None:
        core = self._core
        workspace = core.workspace_of(build)
        build.has_ai_task = False
        if build.transition != "delete":
            build.resources = [
                make_resource(core.ids, plan, now)
                for plan in version.resources
                if build.transition in plan.transitions
            ]
        next_start = None
        if workspace.autostart_schedule:
            next_start = parse_schedule(workspace.autostart_schedule).next_after(now)
        build.deadline = first_deadline(now, core.ttl_of(workspace), next_start)
        core.plan_next_start(workspace)
        if build.transition == "delete":
            workspace.deleted = True
        core.store.save(workspace)


def _stages(build: Build, version: TemplateVersion, ended_at: datetime) -> list[Stage]:
    """Divide the running time of a job among its steps."""
    moment = build.job.started_at or ended_at
    running = ended_at - moment
    stages: list[Stage] = []
    for name, share in STAGES:
        start, moment = moment, moment + running * share
        stages.extend(
            Stage(
                name=name,
                source=source,
                action=action,
                resource=resource,
                started_at=start,
                ended_at=moment,
            )
            for source, action, resource in _touched(name, build.transition, version)
        )
    return stages


def _touched(stage: str, transition: str, version: TemplateVersion) -> list[tuple[str, str, str]]:
    """Return what a step works on, as triples of source, action and resource."""
    if stage == "init":
        return [("terraform", "initialize terraform", "state file")]
    if stage == "graph":
        return [("terraform", "building terraform dependency graph", "state file")]
    action = "create" if transition == "start" else "destroy"
    return [
        (
            "coder" if stage == "plan" else plan.type.partition("_")[0],
            "read" if stage == "plan" else action,
            f"{plan.type}.{plan.name}",
        )
        for plan in version.resources
    ]
