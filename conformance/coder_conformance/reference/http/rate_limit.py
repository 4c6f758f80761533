"""Limits how often one client may ask for one path."""

from __future__ import annotations

from datetime import datetime

from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.reply import Problem

WINDOW_SECONDS = 60
LOGIN_PATH = "/api/v2/users/login"
LOGIN_LIMIT = 60


class RateLimiter:
    """Counts requests by client address and path in a sliding window of a minute.

    The window is approximated from the counts of the present and of the previous minute.
    """

    def __init__(self, limit: int) -> None:
        """Allow ``limit`` requests a minute."""
        self._limit = limit
        self._minute = 0
        self._present: dict[tuple[str, str], int] = {}
        self._previous: dict[tuple[str, str], int] = {}

    def check(self, context: Context) -> None:
        """Count a request; add the limit's headers to ``context``; raise 429 if it is too many."""
        request = context.request
        limit = self._limit
        if request.method == "POST" and request.path == LOGIN_PATH:
            limit = min(limit, LOGIN_LIMIT)
        key = (request.client_ip, request.path)
        used = self._rate(key, context.world.clock.now())
        if used < limit:
            self._present[key] = self._present.get(key, 0) + 1
            used += 1
        else:
            used = limit + 1
        reset = (self._minute + 1) * WINDOW_SECONDS
        context.headers += [
            (b"x-ratelimit-limit", b"%d" % limit),
            (b"x-ratelimit-remaining", b"%d" % max(0, limit - used)),
            (b"x-ratelimit-reset", b"%d" % reset),
        ]
        if used > limit:
            raise Problem(
                429,
                f"You've been rate limited for sending more than {limit} requests in 1m0s.",
                headers=[(b"retry-after", b"%d" % WINDOW_SECONDS)],
            )

    def _rate(self, key: tuple[str, str], now: datetime) -> int:
        seconds = now.timestamp()
        minute = int(seconds // WINDOW_SECONDS)
        if minute != self._minute:
            self._previous = self._present if minute == self._minute + 1 else {}
            self._present = {}
            self._minute = minute
        left = 1 - (seconds % WINDOW_SECONDS) / WINDOW_SECONDS
        return round(self._previous.get(key, 0) * left + self._present.get(key, 0))
