"""Random sequences of operations by two users, compared with a small model after every step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import hypothesis
import pytest
from hypothesis import stateful
from hypothesis import strategies as st

from coder_conformance import formats
from coder_conformance.context import Context
from coder_conformance.results import Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.world import World

pytestmark = pytest.mark.late

Json = dict[str, Any]
MINUTE = 60_000
HOUR = 60 * MINUTE
LONGEST = 2_592_000_000
GET = "getWorkspaceMetadataById"


# What makes a workspace one without settings.
PLAIN: dict[str, Json | None] = {
    "updateWorkspaceDormancyStatusById": {"dormant": False},
    "updateWorkspaceTtlById": {"ttl_ms": None},
    "updateWorkspaceAutostartScheduleById": {"schedule": None},
    "updateWorkspaceAutomaticUpdatesById": {"automatic_updates": "never"},
    "unfavoriteWorkspaceById": None,
}


# What a sequence begins with, bit by bit for each workspace, since sequences are too short to come
# by all pairs of settings; numbers, because those soon shrink to those that matter.
TTL, SCHEDULE, UPDATES, MARK, DORMANT = (1 << bit for bit in range(5))
STATES = st.tuples(*[st.integers(0, 31)] * 4)


@dataclass
class Model:
    """What is known of one workspace."""

    id: str
    name: str
    owner: str
    ttl: int | None = None
    schedule: str | None = None
    updates: str = "never"
    marked: bool = False
    dormant: bool = False
    status: str = "running"
    number: int = 1
    deadline: datetime | None = None
    known_deadline: bool = False


@dataclass
class Household:
    """The workspaces of one user that sequences work on; reused by one sequence after another.

    Attributes:
        world: The user's.
        ids: Their identifiers.
        names: What borrowed ones are called otherwise, by identifier.
    """

    world: World
    ids: list[str] = field(default_factory=list[str])
    names: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, world: World, *borrowed: Json) -> Household:
        """Borrowed workspaces."""
        return cls(world, [w["id"] for w in borrowed], {w["id"]: w["name"] for w in borrowed})

    def give_back(self) -> None:
        """Bring borrowed workspaces back to how they were."""
        for identifier, name in self.names.items():
            path = {"workspace": identifier}
            for operation, body in PLAIN.items():
                options: Json = {} if body is None else {"body": body}
                self.world.ask(operation, path, **options)
            self.world.ask("updateWorkspaceMetadataById", path, body={"name": name})


class Machine(stateful.RuleBasedStateMachine):
    """Every rule is one operation; every invariant reads everything back."""

    scenario: ClassVar[Scenario]
    homes: ClassVar[list[Household]]
    replaces: ClassVar[bool]

    def __init__(self) -> None:
        super().__init__()
        self.replaced = False
        self.models: list[Model] = []
        for home in self.homes:
            live: list[Json] = []
            for identifier in home.ids:
                seen = self._read(home.world, identifier)
                if seen is not None:
                    live.append(seen)
            while len(live) < (2 if self.replaces else 1):
                live.append(home.world.create())
            home.ids = [w["id"] for w in live]
            self.models += [self._learn(home.world, self._plain(home.world, w)) for w in live]

    def _read(self, world: World, identifier: str) -> Json | None:
        operation = self.scenario.context.contract.operation(GET)
        answer = world.wire.call(operation, {"workspace": identifier})
        return answer.json() if answer.status == 200 else None

    def _plain(self, world: World, workspace: Json) -> Json:
        """A workspace without settings or a build under way, so that each sequence stands alone."""
        for name, body in PLAIN.items():
            options: Json = {} if body is None else {"body": body}
            path = {"workspace": workspace["id"]}
            self.scenario.call(name, path, 200, 204, 304, wire=world.wire, **options)
        return world.settled(workspace["id"])

    def _learn(self, world: World, seen: Json) -> Model:
        build = seen["latest_build"]
        return Model(
            id=seen["id"],
            name=seen["name"],
            owner=world.me["id"],
            ttl=seen.get("ttl_ms"),
            schedule=seen.get("autostart_schedule"),
            updates=seen["automatic_updates"],
            marked=seen["favorite"],
            dormant=seen["dormant_at"] is not None,
            status=build["status"],
            number=build["build_number"],
            deadline=_instant(build["deadline"]),
            known_deadline=True,
        )

    def world_of(self, model: Model) -> World:
        """Where a workspace belongs."""
        return next(home.world for home in self.homes if home.world.me["id"] == model.owner)

    def send(self, n: int, operation: str, *statuses: int, **options: Any) -> Model:
        """A request about one of the workspaces, as its owner."""
        model = self.models[n % len(self.models)]
        wire = self.world_of(model).wire
        self.scenario.call(operation, {"workspace": model.id}, *statuses, wire=wire, **options)
        return model

    @property
    def can_make(self) -> bool:
        """Whether the run may create one more workspace."""
        return self.homes[0].world.left.left > 0

    which = st.integers(0, 11)  # even for two, three or four of them

    @stateful.initialize(states=STATES)
    def begin(self, states: tuple[int, ...]) -> None:
        """Settings of each workspace."""
        for n, state in enumerate(states[: len(self.models)]):
            if state & TTL:
                self.set_ttl(n, 8 * HOUR)
            if state & SCHEDULE:
                self.set_schedule(n, "CRON_TZ=Asia/Tokyo 15 7 * * 1")
            if state & UPDATES:
                self.set_updates(n, "always")
            if state & MARK:
                self.mark(n, marked=True)
            if state & DORMANT:
                self.sleep(n, dormant=True)

    @stateful.rule(n=which, ttl=st.one_of(st.none(), st.integers(2 * HOUR, LONGEST)))
    def set_ttl(self, n: int, ttl: int | None) -> None:
        """A time to stop, or none."""
        model = self.send(n, "updateWorkspaceTtlById", 204, body={"ttl_ms": ttl})
        model.ttl = ttl // MINUTE * MINUTE if ttl else None
        if ttl is None and model.status == "running":
            model.known_deadline = False

    @stateful.rule(n=which, ttl=st.sampled_from([1, 59_999, -1, LONGEST + MINUTE]))
    def refuse_ttl(self, n: int, ttl: int) -> None:
        """A time out of range."""
        self.send(n, "updateWorkspaceTtlById", 400, body={"ttl_ms": ttl})

    @stateful.rule(n=which, schedule=formats.schedules())
    def set_schedule(self, n: int, schedule: str) -> None:
        """A schedule, or none."""
        schedule = formats.days_away(schedule)
        body = {"schedule": schedule}
        model = self.send(n, "updateWorkspaceAutostartScheduleById", 204, body=body)
        model.schedule = schedule or None

    @stateful.rule(n=which, schedule=st.sampled_from(formats.BAD_SCHEDULES))
    def refuse_schedule(self, n: int, schedule: str) -> None:
        """A schedule outside the grammar."""
        body = {"schedule": schedule}
        self.send(n, "updateWorkspaceAutostartScheduleById", 400, body=body)

    @stateful.rule(n=which, value=st.sampled_from(["always", "never"]))
    def set_updates(self, n: int, value: str) -> None:
        """A mode of updates."""
        body = {"automatic_updates": value}
        model = self.send(n, "updateWorkspaceAutomaticUpdatesById", 204, body=body)
        model.updates = value

    @stateful.rule(n=which, marked=st.booleans())
    def mark(self, n: int, marked: bool) -> None:
        """A favourite, or not."""
        operation = "favoriteWorkspaceById" if marked else "unfavoriteWorkspaceById"
        self.send(n, operation, 204).marked = marked

    @stateful.rule(n=which, dormant=st.booleans())
    def sleep(self, n: int, dormant: bool) -> None:
        """Dormant, or active."""
        same = self.models[n % len(self.models)].dormant == dormant
        body = {"dormant": dormant}
        status = 304 if same else 200
        self.send(n, "updateWorkspaceDormancyStatusById", status, body=body).dormant = dormant

    @stateful.rule(n=which, minutes=st.integers(120, 60 * 24 * 20))
    def extend(self, n: int, minutes: int) -> None:
        """A new deadline, where there is one."""
        model = self.models[n % len(self.models)]
        deadline = self.scenario.world.later(minutes=minutes)
        body = {"deadline": deadline.isoformat()}
        if model.status != "running":
            self.send(n, "extendWorkspaceDeadlineById", 409, body=body)
        elif model.known_deadline:
            status = 200 if model.deadline else 409
            self.send(n, "extendWorkspaceDeadlineById", status, body=body)
            model.deadline = deadline if model.deadline else None

    @stateful.rule(n=which)
    def use(self, n: int) -> None:
        """A report of use."""
        self.send(n, "postWorkspaceUsageById", 204, body={})

    @stateful.rule(n=which)
    def same_name(self, n: int) -> None:
        """The name that it has."""
        name = self.models[n % len(self.models)].name
        self.send(n, "updateWorkspaceMetadataById", 204, body={"name": name})

    @stateful.rule(n=which)
    def rename(self, n: int) -> None:
        """A fresh name, where that is allowed."""
        model = self.models[n % len(self.models)]
        name = self.world_of(model).name()
        allowed = "renames" in self.scenario.context.features
        body = {"name": name}
        self.send(n, "updateWorkspaceMetadataById", 204 if allowed else 400, body=body)
        if allowed:
            model.name = name

    @stateful.rule(n=which, transition=st.sampled_from(["start", "stop"]))
    def build(self, n: int, transition: str) -> None:
        """A start or a stop, waited for."""
        model = self.models[n % len(self.models)]
        if model.dormant and transition == "start":
            self.send(n, "createWorkspaceBuild", 403, body={"transition": transition})
            return
        self.world_of(model).build(model.id, transition)
        model.status = "running" if transition == "start" else "stopped"
        model.number += 1
        model.known_deadline = False

    @stateful.precondition(lambda self: self.replaces and not self.replaced and self.can_make)
    @stateful.rule(n=which)
    def replace(self, n: int) -> None:
        """A deletion, and a new one under the same name."""
        model = self.models[n % len(self.models)]
        world = self.world_of(model)
        self.replaced = True  # once in a sequence, since new ones take long on real servers
        world.build(model.id, "delete")
        self.scenario.call(GET, {"workspace": model.id}, 410, wire=world.wire)
        made = world.create(name=model.name)
        home = next(home for home in self.homes if home.world is world)
        home.ids = [made["id"] if i == model.id else i for i in home.ids]
        self.models[self.models.index(model)] = self._learn(world, made)
        if (made["latest_build"]["build_number"], made["favorite"]) != (1, False):
            raise Mismatch("a new one with build 1 and no mark", repr(made)[:300])

    @stateful.invariant()
    def all_views_agree(self) -> None:
        """Reading by identifier, by name and in the list shows what the model says."""
        for home in self.homes:
            query = {"q": f"owner:me name:{home.world.prefix}"}
            wire = home.world.wire
            page = self.scenario.call("listWorkspaces", {}, 200, wire=wire, query=query).json()
            listed = {w["id"]: w for w in page["workspaces"]}
            for model in (m for m in self.models if m.owner == home.world.me["id"]):
                if model.id not in listed:
                    raise Mismatch(f"a list with {model.name}", "one without it", wire.last)
                self.compare(model, listed[model.id], home.world)
                by_id = self.scenario.call(GET, {"workspace": model.id}, 200, wire=wire)
                self.compare(model, by_id.json(), home.world)
                path = {"user": "me", "workspacename": model.name}
                operation = "getWorkspaceMetadataByUserAndWorkspaceName"
                by_name = self.scenario.call(operation, path, 200, wire=wire)
                self.compare(model, by_name.json(), home.world)
            own = [w for w in page["workspaces"] if w["id"] in home.ids]
            keys = [
                (not w["favorite"], w["latest_build"]["status"] != "running", w["name"].lower())
                for w in own
            ]
            if keys != sorted(keys):
                raise Mismatch(f"the order {sorted(keys)}", repr(keys), wire.last)

    @stateful.invariant()
    def strangers_see_nothing(self) -> None:
        """An ordinary user finds none of the first user's workspaces."""
        if len(self.homes) < 2:
            return
        first, second = self.homes
        for model in self.models:
            if model.owner == first.world.me["id"]:
                path = {"workspace": model.id}
                self.scenario.call(GET, path, 404, wire=second.world.wire)

    def compare(self, model: Model, seen: Json, world: World) -> None:
        """The model and one view of it."""
        build = seen["latest_build"]
        pairs: dict[str, tuple[Any, Any]] = {
            "id": (model.id, seen["id"]),
            "name": (model.name, seen["name"]),
            "ttl_ms": (model.ttl, seen.get("ttl_ms")),
            "autostart_schedule": (model.schedule, seen.get("autostart_schedule")),
            "automatic_updates": (model.updates, seen["automatic_updates"]),
            "favorite": (model.marked, seen["favorite"]),
            "dormant": (model.dormant, seen["dormant_at"] is not None),
            "latest_build.status": (model.status, build["status"]),
            "latest_build.build_number": (model.number, build["build_number"]),
            "owner_id": (model.owner, seen["owner_id"]),
        }
        for name, (expected, actual) in pairs.items():
            if expected != actual:
                what = f"{name} = {expected!r} of {model.name}"
                raise Mismatch(what, f"{actual!r}", world.wire.last)
        shown = _instant(build["deadline"])
        if model.known_deadline and shown != model.deadline:
            expected = f"the deadline {model.deadline} of {model.name}"
            raise Mismatch(expected, str(shown), world.wire.last)
        model.deadline, model.known_deadline = shown, True


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def run(
    context: Context,
    scenario: Scenario,
    homes: list[Household],
    sequences: int,
    steps: int,
    *,
    replaces: bool,
) -> None:
    """Run sequences of at most so many steps; the shortest that fails is what is reported.

    Raises:
        Mismatch: A view differs from the model.
    """
    Machine.scenario, Machine.replaces = scenario, replaces
    Machine.homes = homes
    settings = hypothesis.settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list[Any](hypothesis.HealthCheck),
    )
    machine = hypothesis.seed(context.settings.seed)(Machine)
    try:
        stateful.run_state_machine_as_test(machine, settings=settings)
    except Mismatch as error:
        told = "; ".join(
            line.removeprefix("state.")
            for note in getattr(error, "__notes__", [])
            for line in map(str.strip, note.splitlines())
            if line.startswith("state.") and not line.endswith("()")
        )
        expected = f"{error.expected}, after: {told}" if told else error.expected
        raise Mismatch(expected, error.actual, error.exchange) from None
    finally:
        for home in homes:
            home.give_back()


@pytest.mark.requirement("state/short-sequences")
def test_short_sequences(context: Context, scenario: Scenario, shared: Shared) -> None:
    """A few sequences of some twenty steps, on workspaces that are there anyway."""
    homes = [Household.of(scenario.world, shared.running(), shared.stopped())]
    if context.member is not None:
        theirs = context.theirs()
        homes.append(Household.of(theirs, shared.theirs(theirs)))
    run(context, scenario, homes, sequences=10, steps=20, replaces=False)


@pytest.mark.requirement("state/long-sequences")
def test_long_sequences(context: Context, scenario: Scenario) -> None:
    """Many sequences of fifty steps, on workspaces of their own."""
    homes = [Household(scenario.world)]
    if context.member is not None:
        homes.append(Household(context.theirs()))
    run(context, scenario, homes, sequences=15, steps=50, replaces=True)
