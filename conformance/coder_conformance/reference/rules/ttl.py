"""How long a workspace may run before it is stopped."""

from __future__ import annotations

from datetime import datetime, timedelta

MINUTE_MS = 60_000
MAX_TTL_MS = 30 * 24 * 60 * MINUTE_MS
EXTEND_MARGIN = timedelta(minutes=29)
TOO_SHORT = "time until shutdown must be at least one minute"
TOO_LONG = "time until shutdown must be less than 30 days"


class TTLError(ValueError):
    """A duration that is not allowed; ``str()`` tells why."""


def check_ttl(milliseconds: int) -> int:
    """Return ``milliseconds`` cut to whole minutes; raise :class:`TTLError` if out of bounds."""
    minutes = abs(milliseconds) // MINUTE_MS * (1 if milliseconds > 0 else -1)
    if minutes < 1:
        raise TTLError(TOO_SHORT)
    if minutes * MINUTE_MS > MAX_TTL_MS:
        raise TTLError(TOO_LONG)
    return minutes * MINUTE_MS


def first_deadline(
    completed_at: datetime, ttl_ms: int | None, next_start: datetime | None
) -> datetime | None:
    """Return when a workspace whose build ended at ``completed_at`` is to be stopped.

    A deadline that would fall after the next scheduled start (``next_start``) is counted from
    that start instead. ``None``: never.
    """
    if not ttl_ms:
        return None
    ttl = timedelta(milliseconds=ttl_ms)
    deadline = completed_at + ttl
    if next_start is not None and deadline > next_start:
        return next_start + ttl
    return deadline


def bumped_deadline(
    now: datetime,
    deadline: datetime | None,
    max_deadline: datetime | None,
    *,
    ttl_ms: int | None,
    bump_ms: int,
) -> datetime | None:
    """Return the deadline after activity at ``now``, ``None`` if it stays.

    The deadline is moved only in the last 95 % of the bump (so that not every request moves it),
    never backwards and never past ``max_deadline``.
    """
    if deadline is None or bump_ms <= 0 or not ttl_ms or now > deadline:
        return None
    bump = timedelta(milliseconds=bump_ms)
    if deadline - now > bump * 0.95:
        return None
    moved = now + bump
    if max_deadline is not None:
        moved = min(moved, max_deadline)
    return moved if moved > deadline else None
