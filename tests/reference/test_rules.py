from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder_conformance.reference.clock import ManualClock
from coder_conformance.reference.rules.go import ParseError, format_time, parse_time, quote
from coder_conformance.reference.rules.names import (
    is_valid_email,
    is_valid_name,
    password_problem,
)
from coder_conformance.reference.rules.schedule import ScheduleError, parse_schedule
from coder_conformance.reference.rules.search import parse_workspace_query
from coder_conformance.reference.rules.search_syntax import QuerySyntaxError
from coder_conformance.reference.rules.ttl import (
    TTLError,
    bumped_deadline,
    check_ttl,
    first_deadline,
)
from coder_conformance.reference.rules.uuids import UUIDSyntaxError, parse_uuid
from coder_conformance.reference.scheduler import Scheduler

MONDAY = datetime(2025, 9, 1, 12, tzinfo=UTC)
FIVE = (
    "validate weekly schedule: expected schedule to consist of 5 fields with an optional "
    "CRON_TZ=<timezone> prefix"
)
STAR = "validate weekly schedule: expected day-of-month and month to be *"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", FIVE),
        ("0 9 * *", FIVE),
        ("@daily", FIVE),
        ("0 9 1 * *", STAR),
        ("0 9 * 1 *", STAR),
        ("0 9 ? * *", STAR),
        ("CRON_TZ=UTC 0 9 * *", STAR),
        ("0 0 9 * * 1", "parse schedule: expected exactly 5 fields, found 6: [0 0 9 * * 1]"),
        ("TZ=UTC 0 9 * * 1",
         "parse schedule: expected exactly 5 fields, found 6: [TZ=UTC 0 9 * * 1]"),
        (" CRON_TZ=UTC 0 9 * * 1",
         "parse schedule: expected exactly 5 fields, found 6: [CRON_TZ=UTC 0 9 * * 1]"),
        ("CRON_TZ=Mars/Base 0 9 * * 1",
         "parse schedule: provided bad location Mars/Base: unknown time zone Mars/Base"),
        ("CRON_TZ=../etc 0 9 * * 1",
         "parse schedule: provided bad location ../etc: unknown time zone ../etc"),
        ("CRON_TZ=America 0 9 * * 1",
         "parse schedule: provided bad location America: unknown time zone America"),
        ("CRON_TZ=Local 0 9 * * 1", "schedules scoped to time.Local are not supported"),
        ("0 9 * * 7", "parse schedule: end of range (7) above maximum (6): 7"),
        ("60 9 * * *", "parse schedule: end of range (60) above maximum (59): 60"),
        ("0 24 * * *", "parse schedule: end of range (24) above maximum (23): 24"),
        ("0 9 * * 5-1", "parse schedule: beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 9 * * *", "parse schedule: step of range should be a positive number: */0"),
        ("x 9 * * *", ('parse schedule: failed to parse int from x: strconv.Atoi: parsing "x": '
         "invalid syntax")),
        ("1-2-3 9 * * *", "parse schedule: too many hyphens: 1-2-3"),
        ("1/2/3 9 * * *", "parse schedule: too many slashes: 1/2/3"),
        ("-1 9 * * *", ('parse schedule: failed to parse int from : strconv.Atoi: parsing "": '
         "invalid syntax")),
        (", 9 * * *", "parse schedule: failed to parse int from ,: empty list"),
        ("\x00 9 * * *", ('parse schedule: failed to parse int from \x00: strconv.Atoi: parsing '
         '"\\x00": invalid syntax')),
    ],
)  # fmt: skip
def test_schedules_that_are_refused(text: str, problem: str) -> None:
    """Each is refused in the original's words."""
    with pytest.raises(ScheduleError) as raised:
        parse_schedule(text)
    assert str(raised.value) == problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 12 * * *", MONDAY + timedelta(minutes=30)),
        ("0 12 * * 1", MONDAY + timedelta(days=7)),
        ("0 12 * * MON", MONDAY + timedelta(days=7)),
        ("? ? * * ?", MONDAY + timedelta(minutes=1)),
        ("0 9 * * 2-4", datetime(2025, 9, 2, 9, tzinfo=UTC)),
        ("0 9 * * sun,Sat", datetime(2025, 9, 6, 9, tzinfo=UTC)),
        ("*/25 * * * *", MONDAY + timedelta(minutes=25)),
        ("10-20/5 * * * *", MONDAY + timedelta(minutes=10)),
        ("50/4 * * * *", MONDAY + timedelta(minutes=50)),
        ("CRON_TZ= 0 13 * * *", MONDAY + timedelta(hours=1)),
        ("CRON_TZ=US/Central 30 7 * * 1-5", MONDAY + timedelta(minutes=30)),
        ("CRON_TZ=Asia/Kathmandu 0 18 * * *", MONDAY + timedelta(minutes=15)),
    ],
)
def test_next_firing(text: str, expected: datetime) -> None:
    """The first instant after the given one, in UTC."""
    assert parse_schedule(text).next_after(MONDAY) == expected


def test_daylight_saving() -> None:
    """A firing in the hour that is skipped does not happen that day."""
    schedule = parse_schedule("CRON_TZ=Europe/Berlin 30 2 * * *")
    before = datetime(2025, 3, 29, 12, tzinfo=UTC)
    assert schedule.next_after(before) == datetime(2025, 3, 31, 0, 30, tzinfo=UTC)
    weekly = parse_schedule("CRON_TZ=Europe/Berlin 30 2 * * 0")
    assert weekly.next_after(before) == datetime(2025, 4, 6, 0, 30, tzinfo=UTC)


@settings(deadline=None)
@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.sets(st.integers(0, 6), min_size=1),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_firing_matches_its_schedule(
    minute: int, hour: int, days: set[int], zone: str, start: datetime
) -> None:
    """The next firing lies ahead, on a whole minute and on a listed day in its zone."""
    text = f"CRON_TZ={zone} {minute} {hour} * * {','.join(map(str, days))}"
    fired = parse_schedule(text).next_after(start)
    assert fired is not None
    assert start < fired <= start + timedelta(days=15)
    local = fired.astimezone(ZoneInfo(zone))
    assert (local.minute, local.hour, local.second) == (minute, hour, 0)
    assert local.isoweekday() % 7 in days


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"CRON_TZ=\w*\s[\d*?/,\- ]{5,20}"))
def test_any_text_is_a_schedule_or_refused(text: str) -> None:
    """Nothing but a schedule or a ScheduleError comes out."""
    try:
        schedule = parse_schedule(text)
    except ScheduleError:
        return
    assert schedule.next_after(MONDAY) is not None


@settings(deadline=None)
@given(st.integers(-(2**63), 2**63 - 1))
def test_ttl_is_refused_or_whole_minutes(milliseconds: int) -> None:
    """Accepted values lie from one minute to 30 days and lose less than a minute."""
    try:
        ttl = check_ttl(milliseconds)
    except TTLError:
        assert milliseconds < 60_000 or milliseconds >= 2_592_060_000
        return
    assert 60_000 <= ttl <= 2_592_000_000
    assert ttl % 60_000 == 0
    assert 0 <= milliseconds - ttl < 60_000


def test_deadlines() -> None:
    """A deadline is completion plus TTL, counted from the next start if that comes first."""
    hour = 3_600_000
    assert first_deadline(MONDAY, None, None) is None
    assert first_deadline(MONDAY, hour, None) == MONDAY + timedelta(hours=1)
    start = MONDAY + timedelta(minutes=30)
    assert first_deadline(MONDAY, hour, start) == MONDAY + timedelta(minutes=90)
    later = MONDAY + timedelta(hours=2)
    assert first_deadline(MONDAY, hour, later) == MONDAY + timedelta(hours=1)


def test_bumps_never_lower_or_pass_the_limit() -> None:
    """Activity moves the deadline forward only, up to the maximum."""
    now, hour = MONDAY, 3_600_000
    near, far = now + timedelta(minutes=10), now + timedelta(hours=5)
    options = {"ttl_ms": hour, "bump_ms": hour}
    assert bumped_deadline(now, near, None, **options) == now + timedelta(hours=1)
    assert bumped_deadline(now, far, None, **options) is None
    assert bumped_deadline(now, None, None, **options) is None
    limit = now + timedelta(minutes=20)
    assert bumped_deadline(now, near, limit, **options) == limit


@settings(deadline=None)
@given(st.uuids())
def test_all_spellings_of_a_uuid(value: UUID) -> None:
    """Canonical, upper case, urn, wrapped and plain are the same UUID."""
    text = str(value)
    for spelling in (
        text,
        text.upper(),
        f"urn:uuid:{text}",
        f"URN:UUID:{text}",
        f"x{text}y",
        value.hex,
    ):
        assert parse_uuid(spelling) == value


@settings(deadline=None)
@given(st.text(max_size=50))
def test_other_texts_are_no_uuid(text: str) -> None:
    """Anything else is refused with a reason."""
    if len(text) not in (32, 36, 38, 45):
        with pytest.raises(UUIDSyntaxError, match=r"^invalid "):
            parse_uuid(text)


@pytest.mark.parametrize("name", ["a", "A-1", "a" * 32, "New", "news", "0"])
def test_good_names(name: str) -> None:
    """Letters, digits and single dashes inside, up to 32."""
    assert is_valid_name(name)


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "a--b", "a_b", "a b", "é", "a" * 33, "new", "create", "a\n", "٣"]
)
def test_bad_names(name: str) -> None:
    """Everything else, and the two reserved words."""
    assert not is_valid_name(name)


def test_addresses_and_passwords() -> None:
    """Plausible addresses and passwords pass, others do not."""
    assert is_valid_email("a.b+c@coder.example")
    for bad in ("a", "@b.c", "a@", "a b@c.d", "a@b..c", "a@b@c"):
        assert not is_valid_email(bad)
    assert password_problem("SomeSecurePassword!1") is None
    for weak in ("", "password", "aaaaaaaaaaaaaaaaaaaaaaaa", "12345678901234567890", "x" * 65):
        assert password_problem(weak) is not None


@settings(deadline=None)
@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_written_times_read_back(moment: datetime) -> None:
    """Up to six digits, none of them a trailing zero, and the same instant."""
    text = format_time(moment)
    assert parse_time(text) == moment
    assert text.endswith("Z")
    assert "." not in text or text[-2] != "0"


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    """Nothing but a time or a ParseError comes out, and quoting always closes."""
    assert quote(text).endswith('"')
    with pytest.raises(ParseError):
        parse_time(text + "x")


@settings(deadline=None)
@given(st.text(alphabet='ab:/" =,%_\x00', max_size=25) | st.text(max_size=25))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    """Nothing but a query, problems or a syntax error comes out."""
    try:
        query, terms = parse_workspace_query(text)
    except QuerySyntaxError:
        return
    assert query.name == query.name.lower() or terms.problems


def test_the_clock_shows_the_instant_of_what_happens() -> None:
    """Moving the clock runs actions in order, each at its own time, new ones included."""
    clock = ManualClock(MONDAY)
    scheduler = Scheduler(clock)

    def run() -> None:
        scheduler.run_due()

    clock.follow(scheduler.next_due, run)
    seen: list[tuple[str, datetime]] = []

    def first() -> None:
        seen.append(("first", clock.now()))
        scheduler.at(clock.now() + timedelta(seconds=1), lambda: seen.append(("next", clock.now())))

    scheduler.at(MONDAY + timedelta(seconds=5), lambda: seen.append(("last", clock.now())))
    scheduler.at(MONDAY + timedelta(seconds=2), first)
    clock.advance(4)
    assert seen == [
        ("first", MONDAY + timedelta(seconds=2)),
        ("next", MONDAY + timedelta(seconds=3)),
    ]
    assert clock.now() == MONDAY + timedelta(seconds=4)


def test_a_failing_action_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """The failure is logged and the next action still runs."""
    clock = ManualClock(MONDAY)
    scheduler = Scheduler(clock)
    seen: list[int] = []
    scheduler.at(MONDAY, lambda: seen.append(1 // 0))
    scheduler.at(MONDAY, lambda: seen.append(2))
    assert scheduler.run_due() == 2
    assert seen == [2]
    assert "a scheduled action failed" in caplog.text
