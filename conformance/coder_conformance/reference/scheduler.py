"""A queue of things to do at given instants of the deployment's clock."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable
from datetime import datetime

from coder_conformance.reference.clock import Clock

logger = logging.getLogger(__name__)

Action = Callable[[], None]


class Scheduler:
    """Keeps actions in the order in which they fall due and runs them when asked."""

    def __init__(self, clock: Clock) -> None:
        """Take the instants from ``clock``."""
        self._clock = clock
        self._queue: list[tuple[datetime, int, Action]] = []
        self._numbers = itertools.count()
        self.on_change: Action | None = None
        """Called when the earliest action is a new one, so that a sleeper can wake up earlier."""

    def at(self, when: datetime, action: Action) -> None:
        """Run ``action`` at ``when``; actions of the same instant keep their order."""
        number = next(self._numbers)
        heapq.heappush(self._queue, (when, number, action))
        if self.on_change is not None and self._queue[0][1] == number:
            self.on_change()

    def clear(self) -> None:
        """Forget everything that lies ahead."""
        self._queue.clear()

    def next_due(self) -> datetime | None:
        """Return when the earliest action falls due, ``None`` if there is none."""
        return self._queue[0][0] if self._queue else None

    def run_due(self) -> int:
        """Run everything that is due by now and return how many actions that were."""
        done = 0
        while self._queue and self._queue[0][0] <= self._clock.now():
            _, _, action = heapq.heappop(self._queue)
            done += 1
            try:
                action()
            except Exception:
                logger.exception("a scheduled action failed")
        return done
