"""How far the clocks of the server and of this machine are apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from .exchange import Exchange

# Judgements leave this much room, in seconds, for clocks and for requests on their way.
TOLERANCE = 15


def ahead(answer: Exchange, now: datetime | None = None) -> timedelta:
    """How far the server's clock is ahead, by the header Date; nothing without one.

    Args:
        answer: An answer that has just come.
        now: The present instant, where it is not this machine's.
    """
    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return timedelta()
    if told.tzinfo is None:
        told = told.replace(tzinfo=UTC)
    return told - (now or datetime.now(UTC))


def warning(difference: timedelta) -> str:
    """What to say of clocks that are too far apart; nothing of others."""
    seconds = round(difference.total_seconds())
    if abs(seconds) <= TOLERANCE:
        return ""
    way = "ahead of" if seconds > 0 else "behind"
    return (
        f"the server's is {abs(seconds)} s {way} this machine's; times are "
        "judged by the server's, as far as it tells it"
    )
