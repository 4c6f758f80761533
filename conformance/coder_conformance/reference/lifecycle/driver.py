"""Makes things happen when they are due while the deployment runs on the system's clock."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from coder_conformance.reference.clock import SystemClock
from coder_conformance.reference.world import World

logger = logging.getLogger(__name__)
RETRY_SECONDS = 1.0


class Driver:
    """A task that sleeps until the next thing is due.

    A deployment on a clock that is moved by hand needs none: moving the clock does the work.
    """

    def __init__(self, world: World) -> None:
        """Drive ``world``."""
        self._world = world
        self._task: asyncio.Task[None] | None = None

    def ensure(self) -> None:
        """Start the task in the running loop unless it runs there already."""
        if not isinstance(self._world.clock, SystemClock):
            return
        if self._task is None or self._task.done() or self._is_foreign(self._task):
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop the task."""
        if self._task is not None and not self._is_foreign(self._task):
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._task = None

    @staticmethod
    def _is_foreign(task: asyncio.Task[None]) -> bool:
        return task.get_loop() is not asyncio.get_running_loop()

    async def _run(self) -> None:
        wake = asyncio.Event()
        self._world.scheduler.on_change = wake.set
        while True:
            try:
                self._world.catch_up()
            except Exception:
                logger.exception("what was due could not be done or saved")
                await asyncio.sleep(RETRY_SECONDS)
            due = self._world.scheduler.next_due()
            wait = None if due is None else (due - self._world.clock.now()).total_seconds()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if wait is None else max(0.0, wait)):
                    await wake.wait()
            wake.clear()
