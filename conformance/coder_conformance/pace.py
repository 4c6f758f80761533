"""How fast requests are sent to a server: everything that sends one asks here first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from .results import CannotJudgeError

T = TypeVar("T")

# Requests that may be sent at once, as tests of concurrency do, before the rate holds them up.
BURST = 5
# How often a request is sent while the server answers that there are too many.
_PATIENCE = 4
_LONGEST_WAIT = 60.0
# The wait after an answer that tells of a server in trouble; it doubles with each further one.
_UNWELL_SECONDS = 1.0
_UNWELL_MOST = 30.0
_UNWELL = frozenset({502, 503, 504})


def wait_of(retry_after: str | None) -> float:
    """Seconds to wait for a Retry-After header; 5 when it says nothing usable."""
    try:
        return min(max(float(retry_after or 5), 0.1), _LONGEST_WAIT)
    except ValueError:
        return 5.0


class Pace:
    """The pace of all requests to one server, whoever sends them and from whatever thread.

    Attributes:
        rate: Requests per second on average, at most; None for as many as come.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        self._lock = threading.Lock()
        self._next = 0.0
        self._troubles = 0

    def wait(self) -> None:
        """Wait until the next request may be sent."""
        with self._lock:
            now = time.monotonic()
            step = 1 / self.rate if self.rate else 0.0
            # Time in which nothing was sent counts, though for no more than a burst.
            turn = max(self._next, now - BURST * step)
            self._next = turn + step
        if turn > now:
            time.sleep(turn - now)

    def allows(self, status: int, retry_after: str | None) -> bool:
        """Hold everything up after an answer that asks for it; False if it was not a real answer.

        That a server protects itself from too many requests is no fault of it.
        """
        if status == 429:
            self._pause(wait_of(retry_after))
            return False
        # A server on this machine is spared nothing by waiting; one elsewhere has other users.
        if status in _UNWELL and self.rate is not None:
            wait = min(_UNWELL_SECONDS * 2**self._troubles, _UNWELL_MOST)
            self._troubles += 1
            self._pause(wait_of(retry_after) if retry_after else wait)
        else:
            self._troubles = 0
        return True

    def _pause(self, seconds: float) -> None:
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


def patiently(send: Callable[[], T | None]) -> T:
    """What a request brings, sent again while the server has too many of them.

    Args:
        send: Sends it once, at the server's pace; None when that has too many.

    Raises:
        CannotJudgeError: The server goes on having too many.
    """
    for _ in range(_PATIENCE):
        found = send()
        if found is not None:
            return found
    message = "the server's rate limit ends the run; raise it for the test user, or lower --rate"
    raise CannotJudgeError(message)


_PACES: dict[str, Pace] = {}


def pace_of(url: str) -> Pace:
    """The pace of the server that an address belongs to."""
    return _PACES.setdefault(urlsplit(url).netloc.lower(), Pace())
