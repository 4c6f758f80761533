"""The schedule's grammar, field by field."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance import formats
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario

Json = dict[str, Any]
MARK = pytest.mark.requirement
OPERATION = "updateWorkspaceAutostartScheduleById"
KEPT = formats.days_away("30 9 * * 1-5")


class Schedules:
    """Sets schedules of one workspace."""

    def __init__(self, scenario: Scenario, workspace: Json) -> None:
        self.scenario = scenario
        self.workspace = workspace

    def accepts(self, *schedules: str) -> None:
        """Each one is stored as it is written, and has a next start."""
        for schedule in schedules:
            self.set(None)
            self.set(schedule)
            shown = self.scenario.shows(self.workspace, autostart_schedule=schedule)
            if shown["next_start_at"] is None:
                raise Mismatch(f"a next start for {schedule!r}", "null", self.scenario.wire.last)

    def set(self, schedule: str | None) -> None:
        """Store a schedule."""
        self.scenario.on(self.workspace, OPERATION, 204, body={"schedule": schedule})

    def refuses(self, *schedules: str) -> None:
        """Each one is refused by name, and the stored one stays."""
        self.set(KEPT)
        for schedule in schedules:
            self.refusal(schedule)
        self.scenario.shows(self.workspace, autostart_schedule=KEPT)

    def refusal(self, schedule: str) -> Exchange:
        """The answer to a schedule outside the grammar."""
        answer = self.scenario.on(self.workspace, OPERATION, 400, body={"schedule": schedule})
        self.scenario.refused(answer, "schedule")
        return answer


@pytest.fixture
def schedules(scenario: Scenario, stopped: Json) -> Generator[Schedules]:
    """Schedules of a stopped workspace, which has none at the end, as a server might start it."""
    yield Schedules(scenario, stopped)
    scenario.wire.call(
        scenario.context.contract.operation(OPERATION), {"workspace": stopped["id"]}, body={}
    )


@MARK("autostart/clears")
def test_clears(scenario: Scenario, stopped: Json, schedules: Schedules) -> None:
    """Three ways to say none, each after a schedule was there and when none was."""
    for cleared in ({"schedule": None}, {"schedule": ""}, {}):
        schedules.set("5 4 * * *")
        for _ in range(2):
            scenario.on(stopped, OPERATION, 204, body=cleared)
            scenario.shows(stopped, autostart_schedule=None, next_start_at=None)


@MARK("autostart/fields")
def test_fields(schedules: Schedules) -> None:
    """Blanks of any number may stand between the five."""
    schedules.accepts("0 9 * * 1", "0  9  *  *  1", "CRON_TZ=UTC 0 9 * * 1")
    schedules.refuses("*", "* *", "* * *", "0 9 * *", "0 0 9 * * 1", "CRON_TZ=UTC 0 9 * *", " ")


@MARK("autostart/day-and-month")
def test_day_and_month(schedules: Schedules) -> None:
    """A week is all there is."""
    for field in ("1", "?", "*/2", "1-31", "L", "1,15"):
        schedules.refuses(f"0 9 {field} * 1", f"CRON_TZ=UTC 0 9 {field} * 1")
    for field in ("1", "?", "*/2", "jan", "1-12", "6,7"):
        schedules.refuses(f"0 9 * {field} 1")


@MARK("autostart/minute-range")
def test_minute_range(schedules: Schedules) -> None:
    """Both ends."""
    schedules.accepts("0 9 * * 1", "59 9 * * 1", "0-59 9 * * 1", "05 9 * * 1")
    schedules.refuses("60 9 * * 1", "-1 9 * * 1", "0-60 9 * * 1", "100 9 * * 1", "x 9 * * 1")


@MARK("autostart/hour-range")
def test_hour_range(schedules: Schedules) -> None:
    """Both ends."""
    schedules.accepts("0 0 * * 1", "0 23 * * 1", "0 0-23 * * 1", "0 09 * * 1")
    schedules.refuses("0 24 * * 1", "0 -1 * * 1", "0 0-24 * * 1", "0 9h * * 1", "0 1.5 * * 1")


@MARK("autostart/day-range")
def test_day_range(schedules: Schedules) -> None:
    """Numbers and English names."""
    schedules.accepts(*(f"0 9 * * {day}" for day in range(7)))
    names = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
    schedules.accepts(*(f"0 9 * * {day}" for day in (*names, "SUN", "Mon", "fRI", "mon-fri")))
    schedules.refuses(*(f"0 9 * * {day}" for day in ("7", "-1", "monday", "mo", "0-7", "sun-7")))


@MARK("autostart/lists-ranges-steps")
def test_lists_ranges_steps(schedules: Schedules) -> None:
    """Everything that a field can be."""
    for field in ("*", "?", "1", "1-3", "1,3", "1-3,5", "*/2", "1-5/2", "1/2", "1,2-4/2,5/3"):
        schedules.accepts(f"{field} 9 * * 1", f"0 {field} * * 1", f"0 9 * * {field}")


@MARK("autostart/bad-ranges")
def test_bad_ranges(schedules: Schedules) -> None:
    """Backwards, empty, without an end, with a step of nothing."""
    for field in ("5-1", "1-", "*/0", "1/0", "1-5/0", "*/x", "1/2/3", "1-2-3"):
        schedules.refuses(f"{field} 9 * * 1", f"0 {field} * * 1", f"0 9 * * {field}")


@MARK("autostart/zones")
def test_zones(scenario: Scenario, schedules: Schedules) -> None:
    """Zones of all continents and odd offsets, and what is none."""
    zones = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham",
             "America/Argentina/Buenos_Aires", "Etc/GMT+12", "Australia/Lord_Howe", "Africa/Cairo",
             "Pacific/Kiritimati", "")  # fmt: skip
    schedules.accepts(*(f"CRON_TZ={zone} 30 9 * * 1-5" for zone in zones))
    bad = ("Nowhere/Land", "Local", "Europe", "+01:00", "UTC+1", "../UTC", "utc/utc")
    schedules.refuses(*(f"CRON_TZ={zone} 30 9 * * 1-5" for zone in bad))
    schedules.refuses("TZ=UTC 30 9 * * 1", "cron_tz=UTC 30 9 * * 1", "30 9 * * 1 CRON_TZ=UTC")
    assert scenario.wire.last is not None


@MARK("autostart/descriptors")
def test_descriptors(schedules: Schedules) -> None:
    """None of the words that other programs know."""
    words = ("@yearly", "@monthly", "@weekly", "@daily", "@hourly", "@every 1h", "@reboot")
    schedules.refuses(*words, *(f"CRON_TZ=UTC {word}" for word in words))


@MARK("autostart/messages")
def test_messages(schedules: Schedules) -> None:
    """What is wrong, for whoever wrote it."""
    week = "validate weekly schedule: expected"
    for schedule, said in (
        ("* * *", f"{week} schedule to consist of 5 fields with an optional CRON_TZ=<timezone>"),
        ("0 9 1 * 1", f"{week} day-of-month and month to be *"),
        ("CRON_TZ=No/Where 0 9 * * 1", "unknown time zone No/Where"),
        ("0 9 * * 7", "above maximum (6)"),
    ):
        answer = schedules.refusal(schedule)
        shown = answer.json()["validations"][0]["detail"]
        if said not in shown or answer.json()["message"] != "Invalid autostart schedule.":
            raise Mismatch(f"a validation with {said!r}", answer.answer(), answer)


@MARK("autostart/whole-minutes")
def test_whole_minutes(scenario: Scenario, stopped: Json, schedules: Schedules) -> None:
    """Ahead, within a week, on a minute."""

    @given(formats.schedules(steady=True).filter(bool))
    def check(schedule: str) -> None:
        schedules.set(None)
        schedules.set(schedule)
        text = scenario.world.read(stopped["id"])["next_start_at"]
        start = datetime.fromisoformat(text) if text else None
        now = scenario.world.now()
        week = timedelta(days=7, minutes=2)
        if (
            start is None
            or start.second
            or start.microsecond
            or not (now - timedelta(minutes=1) < start <= now + week)
        ):
            raise Mismatch("a whole minute within the next week", str(text), scenario.wire.last)

    check()


@MARK("autostart/repeatable")
def test_repeatable(scenario: Scenario, stopped: Json, schedules: Schedules) -> None:
    """The second time nothing moves."""
    schedules.set(None)
    schedule = formats.days_away("CRON_TZ=Asia/Tokyo 0 3 * * 2")
    schedules.set(schedule)
    before = scenario.world.read(stopped["id"])
    schedules.set(schedule)
    scenario.unchanged(before, stopped)


@MARK("ttl/truncates-to-minutes")
def test_truncates(scenario: Scenario, stopped: Json) -> None:
    """Never up, also just below the next minute."""

    @given(st.integers(1, 43_199), st.integers(0, 59_999))
    def check(minutes: int, rest: int) -> None:
        body = {"ttl_ms": minutes * 60_000 + rest}
        scenario.on(stopped, "updateWorkspaceTtlById", 204, body=body)
        scenario.shows(stopped, ttl_ms=minutes * 60_000)

    check()
    for minutes in (1, 2, 59, 60, 1440, 43_199):
        body = {"ttl_ms": minutes * 60_000 + 59_999}
        scenario.on(stopped, "updateWorkspaceTtlById", 204, body=body)
        scenario.shows(stopped, ttl_ms=minutes * 60_000)
