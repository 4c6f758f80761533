"""What the tests of the suite share during one run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from coder_spec import Contract, Operation

from . import catalogue
from .catalogue import Requirement
from .exchange import Exchange
from .judge import Judge
from .results import CannotJudgeError, Mismatch, Run
from .service import FEATURE
from .settings import Settings
from .shared import Shared
from .target import Login, Target
from .wire import Wire
from .world import World

if TYPE_CHECKING:
    from .deviations import Deviation
    from .engine import Observations
    from .second_user import SecondUser

# The newest release whose answers the contract describes in full, enum values included.
_KNOWN = (2, 26)


@dataclass
class Context:
    """One run's settings, connections and findings.

    Attributes:
        settings: What the run was told.
        contract: The contract.
        requirements: The catalogue.
        run: The results so far.
        target: The judged server; None when only a client is judged.
        wire: Connection as the user that the suite works as; None likewise.
        member: Connection as the second user, or None when there is none.
        second: The second user that the run creates for itself; None when it does not.
        login: How a user signs in with a password; None when the run has no such user.
        lacks: Why the run does not have something that tests need, by the name of the feature.
        world: What this run owns on the server; None when only a client is judged.
        shared: Workspaces that tests share; None likewise.
        features: What the server and the run have, by the names that requirements use.
        other_world: What this run owns as the second user; None until something is made.
        known: Failures that are accepted.
        stopped: Why the judging ended before its end; empty when it did not.
        inapplicable: Why a requirement says nothing of this server, by its id and the operation.
    """

    settings: Settings
    contract: Contract
    requirements: dict[str, Requirement]
    run: Run
    target: Target | None = None
    wire: Wire | None = None
    member: Wire | None = None
    second: SecondUser | None = None
    login: Login | None = None
    lacks: dict[str, str] = field(default_factory=dict[str, str])
    world: World | None = None
    shared: Shared | None = None
    features: set[str] = field(default_factory=set[str])
    inapplicable: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    known: list[Deviation] = field(default_factory=list["Deviation"])
    stopped: str = ""
    checked: int = 0
    other_world: World | None = None

    @cached_property
    def judge(self) -> Judge:
        """Judges answers of this server; an unknown newer version may use new enum values."""
        return Judge(self.contract, closed=is_known(self.run.server_version))

    @cached_property
    def observations(self) -> Observations:
        """What schemathesis saw on all operations; found out once, at first use."""
        # Imported late: a run without the server role needs no schemathesis.
        from .engine import observe  # noqa: PLC0415

        return observe(self)

    def chosen(self, requirement: Requirement, operation: Operation) -> bool:
        """Whether the run judges a requirement for an operation, as far as is known by now."""
        if FEATURE in requirement.features and not self.settings.service.asked:
            return False
        features = self.features or None
        return catalogue.chosen(
            requirement, operation, self.settings, features
        ) and not requirement.excludes(operation, self.run.server_version)

    def theirs(self) -> World:
        """What this run owns on the server as the second user.

        Raises:
            CannotJudgeError: There is no second user, or no template for that one.
        """
        if self.member is None or self.world is None:
            raise CannotJudgeError("the run has no second user")
        if self.other_world is None:
            made = World(self.member, self.contract, self.settings, self.world.run)
            made.journal = self.world.journal
            made.budget, made.numbers = self.world.left, self.world.numbers  # one for both
            made.discover()
            self.other_world = made
        return self.other_world

    def note_status(self, operation_id: str, status: int, number: int = 1) -> None:
        """Count answers for the coverage that the reports show."""
        seen = self.run.statuses.setdefault(operation_id, {})
        seen[status] = seen.get(status, 0) + number

    def broken(self, answer: Exchange) -> list[Mismatch]:
        """In what an answer of any operation differs from the contract."""
        for operation in self.contract.operations:
            path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))
            asked = answer.path.partition("api/v2")[2].rstrip("/")
            if operation.method == answer.method and re.fullmatch(path, asked):
                findings = self.judge.findings(operation, answer)
                return [Mismatch(f.expected, f.actual, answer) for f in findings]
        return []

    def expect(self, operation_id: str, answer: Exchange, *statuses: int) -> Exchange:
        """The answer, once it is known to have one of the statuses and to fit the contract.

        Raises:
            Mismatch: It does not.
        """
        self.checked += 1
        self.note_status(operation_id, answer.status)
        if answer.status not in statuses:
            expected = "the status " + " or ".join(str(status) for status in statuses)
            raise Mismatch(expected, answer.answer(), answer)
        for finding in self.judge.findings(self.contract.operation(operation_id), answer):
            raise Mismatch(finding.expected, finding.actual, answer)
        return answer


def is_known(version: str) -> bool:
    """Whether the contract describes this server version in full; no development build is."""
    if "-devel" in version:
        return False
    parts = version.removeprefix("v").split(".")[:2]
    return all(part.isdigit() for part in parts) and tuple(int(part) for part in parts) <= _KNOWN
