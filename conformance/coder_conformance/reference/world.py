"""A whole deployment: its records and everything that happens to them over time."""

from __future__ import annotations

from collections.abc import Callable

from coder_conformance.reference.clock import Clock, ManualClock, SystemClock
from coder_conformance.reference.domain.store import Store
from coder_conformance.reference.ids import Ids
from coder_conformance.reference.lifecycle.builds import Builds
from coder_conformance.reference.lifecycle.core import Core
from coder_conformance.reference.lifecycle.events import Events
from coder_conformance.reference.lifecycle.executor import Executor
from coder_conformance.reference.lifecycle.incidents import Incidents
from coder_conformance.reference.scheduler import Scheduler
from coder_conformance.reference.settings import Settings


class World:
    """Puts the parts of a deployment together and keeps them in step with the clock."""

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, ids: Ids | None = None
    ) -> None:
        """Make an empty deployment; ``clock`` and ``ids`` default to the system's."""
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.ids = ids or Ids()
        self.store = Store()
        self.scheduler = Scheduler(self.clock)
        self.events = Events()
        self.core = Core(settings, self.clock, self.ids, self.store, self.scheduler, self.events)
        self.builds = Builds(self.core)
        self.executor = Executor(self.core, self.builds)
        self.incidents = Incidents(self.core)
        self.deployment_id = self.ids.uuid()
        self.commit: Callable[[], None] = lambda: None
        """Makes everything that was saved durable; does nothing without a state file."""
        self.close: Callable[[], None] = lambda: None
        """Gives back what the deployment holds open; does nothing without a state file."""

    def start(self) -> None:
        """Begin to act: resume what is under way and look at all workspaces at every tick."""
        self.scheduler.clear()
        self.builds.resume()
        self.executor.start()
        if isinstance(self.clock, ManualClock):
            self.clock.follow(self.scheduler.next_due, self.catch_up)

    def catch_up(self) -> None:
        """Do everything that is due by now."""
        if self.scheduler.run_due():
            self.commit()
