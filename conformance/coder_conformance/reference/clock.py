"""Time as the deployment sees it: the system's, or one that a test moves by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Source of the present instant."""

    def now(self) -> datetime:
        """Return the present instant, in UTC, to the microsecond."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until a test moves it.

    Deployments register themselves with :meth:`follow`; moving the clock makes everything that
    falls due happen, in order, with the clock showing the instant at which it was due.
    """

    def __init__(self, start: datetime | None = None) -> None:
        """Start at ``start``, by default Monday 2025-09-01, 12:00 UTC."""
        self._now = start or datetime(2025, 9, 1, 12, tzinfo=UTC)
        self._followers: list[Callable[[], datetime | None]] = []
        self._runners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Return the instant the clock shows."""
        return self._now

    def follow(self, next_due: Callable[[], datetime | None], run_due: Callable[[], None]) -> None:
        """Have ``run_due`` called whenever the instant told by ``next_due`` is reached."""
        self._followers.append(next_due)
        self._runners.append(run_due)

    def advance(self, step: timedelta | float) -> None:
        """Move forward by ``step`` (a number counts seconds), running what falls due."""
        self.advance_to(
            self._now + (step if isinstance(step, timedelta) else timedelta(seconds=step))
        )

    def advance_to(self, target: datetime) -> None:
        """Move forward to ``target``, running what falls due on the way."""
        while True:
            due = [instant for follower in self._followers if (instant := follower()) is not None]
            if not due or min(due) > target:
                break
            self._now = max(self._now, min(due))
            for run in self._runners:
                run()
        self._now = max(self._now, target)
