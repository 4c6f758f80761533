"""The grammars that requests are made from: schedules, search queries and names."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# Zones without summer time, in which every local minute happens exactly once; none means UTC.
_STEADY = ["UTC", "", "Asia/Kolkata", "Asia/Tokyo", "America/Phoenix"]
_ZONES = [*_STEADY, "Europe/Berlin", "America/New_York", "Australia/Sydney"]
_LETTERS = string.ascii_letters + string.digits

BAD_SCHEDULES = (
    "* * * *",
    "30 9 1 * *",
    "30 9 * 6 *",
    "30 9 ? * *",
    "60 9 * * *",
    "30 24 * * *",
    "30 9 * * 7",
    "30 9 * * x",
    "30 9 * * 5-1",
    "*/0 9 * * *",
    "-1 9 * * *",
    "0 30 9 * * 1",
    "@daily",
    "TZ=UTC 30 9 * * 1",
    "CRON_TZ=Nowhere/Land 30 9 * * 1",
    "CRON_TZ=Local 30 9 * * 1",
    "CRON_TZ=UTC 30 9 * *",
    " CRON_TZ=UTC 30 9 * * 1",
    "not a schedule",
)
# Fields may stand apart by any blanks; after a zone there is a plain one.
SPACED_SCHEDULES = ("30\t9 *  *\t1-5", "CRON_TZ=Asia/Tokyo 7\t3\t*\t*   2")


def _field(low: int, high: int, words: list[str] | None = None) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    shown = number.map(str)
    if words is not None:
        shown = st.one_of(shown, st.sampled_from(words), st.sampled_from(words).map(str.upper))
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.integers(1, high)
    term = st.one_of(
        shown,
        span,
        st.tuples(span, step).map(lambda t: f"{t[0]}/{t[1]}"),
        st.tuples(number, step).map(lambda t: f"{t[0]}/{t[1]}"),
        step.map(lambda n: f"*/{n}"),
    )
    listed = st.lists(term, min_size=1, max_size=3).map(",".join)
    return st.one_of(st.sampled_from(["*", "?"]), listed)


def schedules(*, steady: bool = False) -> st.SearchStrategy[str]:
    """Schedules that the grammar allows, the empty one included.

    Args:
        steady: Use only zones without summer time.
    """
    zone = st.sampled_from(_STEADY if steady else _ZONES).map(lambda name: f"CRON_TZ={name} ")
    parts = st.tuples(
        st.one_of(st.just(""), zone), _field(0, 59), _field(0, 23), _field(0, 6, _DAYS)
    )
    return st.one_of(
        st.sampled_from(
            ["", "30 9 * * 1-5", "CRON_TZ=Asia/Tokyo 0 0 * * 0", "* * * * *", *SPACED_SCHEDULES]
        ),
        parts.map(lambda p: f"{p[0]}{p[1]} {p[2]} * * {p[3]}"),
    )


def days_away(schedule: str) -> str:
    """The schedule on another day, so that no server starts anything by it meanwhile."""
    day = str((datetime.now(UTC).isoweekday() + 3) % 7)
    return re.sub(r"\S+$", day, schedule)


def _values(field: str, low: int, high: int) -> set[int]:
    for index, day in enumerate(_DAYS):
        field = field.lower().replace(day, str(index))
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, dash, last = span.partition("-")
        if first in {"*", "?"}:
            start, end = low, high
        else:
            start = int(first)
            end = int(last) if dash else (high if step else start)
        found.update(range(start, end + 1, int(step or 1)))
    return found


def next_start(schedule: str, after: datetime) -> datetime:
    """First whole minute after a time that a schedule names, found by trying each in turn.

    Raises:
        ValueError: There is none within eight days.
    """
    words = schedule.split()
    zone = ZoneInfo("UTC")
    if words[0].startswith("CRON_TZ="):
        zone = ZoneInfo(words.pop(0).removeprefix("CRON_TZ=") or "UTC")
    minutes, hours = _values(words[0], 0, 59), _values(words[1], 0, 23)
    days = _values(words[4], 0, 6)
    moment = after.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(8 * 24 * 60):
        moment += timedelta(minutes=1)
        local = moment.astimezone(zone)
        if local.minute in minutes and local.hour in hours and local.isoweekday() % 7 in days:
            return moment
    raise ValueError(f"{schedule!r} never fires")


def queries() -> st.SearchStrategy[str]:
    """Search queries that the grammar allows."""
    words = st.one_of(
        st.sampled_from(["owner:me", "dormant:true", "outdated:false", "has-ai-task:false"]),
        st.sampled_from(["pending", "running", "stopped", "failed"]).map("status:{}".format),
        st.sampled_from(["connected", "connecting"]).map("has-agent:{}".format),
        st.sampled_from(["a", "cf", "dev-1", '"two words"']).map("name:{}".format),
        st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)).map(  # noqa: DTZ001 -- the zone is written below
            lambda when: f'last_used_after:"{when.isoformat(timespec="seconds")}Z"'
        ),
    )
    return st.lists(words, max_size=3, unique_by=lambda word: word.split(":")[0]).map(" ".join)


def is_query(text: str) -> bool:
    """Whether the grammar surely allows a query; it allows more than this."""
    word = (
        r"owner:me|(?:dormant|outdated|has-ai-task):(?:true|false)|template:[a-z0-9-]+"
        r"|status:(?:pending|running|stopped|failed)|has-agent:(?:connected|connecting)"
        r'|name:(?:[a-z0-9-]+|"[a-z ]+")|last_used_(?:after|before):"[0-9T:-]+Z"'
    )
    found = [match[0].partition(":")[0] for match in re.finditer(word, text)]
    once = len(found) == len(set(found))
    return once and re.fullmatch(rf"(?:(?:{word})(?: (?:{word}))*)?", text) is not None


def names() -> st.SearchStrategy[str]:
    """Names that the rule for workspaces allows, odd ones among them."""
    part = st.text(_LETTERS, min_size=1, max_size=10)
    joined = st.lists(part, min_size=1, max_size=6).map("-".join)
    plain = st.text(_LETTERS, min_size=1, max_size=32)
    odd = ("0", "z", "007", "9-x", "1-2-3", "New", "NEW", "Create", "CREATE", "new-1", "create-1",
           "news", "recreate", "me", "default", "x" * 32, "0" * 32, "a-" * 15 + "ab")  # fmt: skip
    return st.one_of(st.sampled_from(odd), joined, plain).filter(
        lambda name: len(name) <= 32 and name not in {"new", "create"}
    )


def bad_names() -> st.SearchStrategy[str]:
    """Good names that one character, at the start, within or at the end, has spoilt."""
    foreign = st.one_of(
        st.sampled_from(list(" \t\n\r_./@:+%'\"\\\u00a0\u200b\u00e9\u0660\uff41\u212a")),
        st.characters(exclude_categories=["Cs"], exclude_characters=_LETTERS + "-\0"),
    )
    within = st.tuples(names(), foreign, st.sampled_from([0, 1, None]))
    spoilt = within.map(
        lambda t: t[0] + t[1] if t[2] is None else t[0][: t[2]] + t[1] + t[0][t[2] :]
    )
    hyphens = names().flatmap(lambda name: st.sampled_from([f"-{name}", f"{name}-", f"{name}--a"]))
    return st.one_of(spoilt, hyphens)
