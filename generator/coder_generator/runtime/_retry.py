"""When a failed request is sent again, and how long to wait before that."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from coder_workspaces.errors import APIError, RateLimitError, ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

_REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_TEMPORARY_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently a request is repeated.

    Only what is safe is repeated: any request that certainly was not processed (no connection, or
    429), and otherwise only methods that may be repeated without harm (GET, PUT, DELETE), after a
    lost connection, a timeout or 502, 503, 504.

    Attributes:
        attempts: How often a request is sent at most, the first time included; 1 never repeats.
        base_delay: Upper bound of the first wait in seconds; each further one doubles it. The wait
            is drawn evenly between zero and the bound, so that clients do not repeat in step.
        max_delay: Largest such bound, in seconds.
        max_retry_after: Longest ``Retry-After`` in seconds that is honoured; when the server asks
            for more, the error is raised at once.
    """

    attempts: int = 3
    base_delay: float = 0.5
    max_delay: float = 8.0
    max_retry_after: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts is {self.attempts}; it must be at least 1.")
        if min(self.base_delay, self.max_delay, self.max_retry_after) < 0:
            raise ValueError("Delays of a RetryPolicy must not be negative.")

    def delay(self, attempt: int, method: str, failure: Exception, *, sent: bool) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        Args:
            attempt: Number of the attempt that failed, from 1.
            method: HTTP method of the request.
            failure: What it failed with.
            sent: Whether the request may have reached the server.
        """
        if attempt >= self.attempts:
            return None
        retry_after: float | None = None
        if isinstance(failure, APIError):
            if failure.status not in _TEMPORARY_STATUSES:
                return None
            if failure.status != 429 and method not in _REPEATABLE_METHODS:
                return None
            if isinstance(failure, RateLimitError | ServerError):
                retry_after = failure.retry_after
        elif sent and method not in _REPEATABLE_METHODS:
            return None
        bound = min(self.max_delay, self.base_delay * 2.0 ** (attempt - 1))
        jitter = random.uniform(0.0, bound)  # noqa: S311 - spreads load, guards no secret
        if retry_after is None:
            return jitter
        if retry_after > self.max_retry_after:
            return None
        return max(retry_after, jitter)


NO_RETRIES = RetryPolicy(attempts=1)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After``, which is a number of seconds or an HTTP date; None if there is none."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
