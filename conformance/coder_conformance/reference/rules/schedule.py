"""Weekly schedules: their grammar and their next firing."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from coder_conformance.reference.rules.go import ParseError, parse_cron_int

PREFIX = "CRON_TZ="
# Far beyond any schedule that says anything new; reading one must not hold up the server.
MAX_LENGTH = 4096
_DAYS: Mapping[str, int] = {
    name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
}
# One week is enough unless daylight saving swallows the only firing of a week.
_HORIZON = timedelta(days=15)


class ScheduleError(ValueError):
    """A text that is not a weekly schedule; ``str()`` tells why."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something happens every week, in a time zone. Day 0 is Sunday."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    zone: tzinfo

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first firing after ``moment``, in UTC; ``None`` if there is none."""
        utc = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = utc + _HORIZON
        while utc < end:
            local = utc.astimezone(self.zone)
            if local.isoweekday() % 7 not in self.days or local.hour not in self.hours:
                utc += timedelta(minutes=60 - local.minute)
            elif local.minute not in self.minutes:
                utc += timedelta(minutes=1)
            else:
                return utc
        return None


@lru_cache(maxsize=1024)
def parse_schedule(text: str) -> Schedule:
    """Read ``[CRON_TZ=<zone> ]<minute> <hour> * * <day-of-week>``.

    Raises :class:`ScheduleError` with the text that the original shows.
    """
    if len(text) > MAX_LENGTH:
        raise ScheduleError(f"parse schedule: longer than {MAX_LENGTH} characters")
    words = text.split()
    if len(words) < 5:
        raise ScheduleError(
            "validate weekly schedule: expected schedule to consist of 5 fields with an optional "
            "CRON_TZ=<timezone> prefix"
        )
    checked = words[1:] if len(words) == 6 else words
    if checked[2] != "*" or checked[3] != "*":
        raise ScheduleError(
            "validate weekly schedule: expected day-of-month and month to be *",
        )
    zone: tzinfo = UTC
    if text.startswith(PREFIX):
        # Only a blank ends the zone, exactly as in the original (which crashes without one).
        name, _, text = text[len(PREFIX) :].partition(" ")
        zone = _zone(name)
    fields = text.split()
    if len(fields) != 5:
        shown = " ".join(fields)
        raise ScheduleError(
            f"parse schedule: expected exactly 5 fields, found {len(fields)}: [{shown}]"
        )
    try:
        return Schedule(
            minutes=_field(fields[0], 0, 59, {}),
            hours=_field(fields[1], 0, 23, {}),
            days=_field(fields[4], 0, 6, _DAYS),
            zone=zone,
        )
    except ParseError as error:
        raise ScheduleError(f"parse schedule: {error}") from None


def _zone(name: str) -> tzinfo:
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        raise ScheduleError("schedules scoped to time.Local are not supported")
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ScheduleError(
            f"parse schedule: provided bad location {name}: unknown time zone {name}"
        ) from None


def _field(text: str, low: int, high: int, names: Mapping[str, int]) -> frozenset[int]:
    parts = [part for part in text.split(",") if part]
    if not parts:
        raise ParseError(f"failed to parse int from {text}: empty list")
    return frozenset[int]().union(*(_range(part, low, high, names) for part in parts))


def _range(text: str, low: int, high: int, names: Mapping[str, int]) -> frozenset[int]:
    span, *steps = text.split("/")
    bounds = span.split("-")
    if bounds[0] in ("*", "?"):
        start, end = low, high
    else:
        if len(bounds) > 2:
            raise ParseError(f"too many hyphens: {text}")
        start = _number(bounds[0], names)
        end = _number(bounds[-1], names)
    if len(steps) > 1:
        raise ParseError(f"too many slashes: {text}")
    step = 1
    if steps:
        step = parse_cron_int(steps[0])
        if len(bounds) == 1:
            end = high
    if start < low:
        raise ParseError(f"beginning of range ({start}) below minimum ({low}): {text}")
    if end > high:
        raise ParseError(f"end of range ({end}) above maximum ({high}): {text}")
    if start > end:
        raise ParseError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ParseError(f"step of range should be a positive number: {text}")
    return frozenset(range(start, end + 1, step))


def _number(text: str, names: Mapping[str, int]) -> int:
    named = names.get(text.lower())
    return parse_cron_int(text) if named is None else named
