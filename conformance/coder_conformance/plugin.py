"""How pytest runs the suite: which tests, for which operations, and what becomes of the outcome."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import cast

import pytest

from coder_spec import Operation

from .catalogue import Requirement
from .context import Context
from .exchange import redact
from .report.progress import Progress
from .results import DoesNotApplyError, Failure, Mismatch, NotThereError, Outcome, Result
from .wire import Wire
from .world import World

# From the least to the most telling.
_SEVERITY = (Outcome.SKIPPED, Outcome.PASSED, Outcome.ERROR, Outcome.FAILED)

# What happens to a test that an answer without a promised field, or of another form, comes upon.
_STUMBLES = (LookupError, TypeError, ValueError, AttributeError)


class SuitePlugin:
    """Feeds the tests from a context and collects a result for each of them.

    Args:
        context: The run.
        progress: Is told of each test.
    """

    def __init__(self, context: Context, progress: Progress) -> None:
        self._context = context
        self.progress = progress
        self._results: dict[tuple[str, str], Result] = {}
        self._failures = 0

    # Collection

    def pytest_configure(self, config: pytest.Config) -> None:
        """Announce the marker that ties a test to its requirement."""
        config.addinivalue_line("markers", "requirement(id): the requirement that the test judges")
        config.addinivalue_line("markers", "late: takes longer than the others, so it comes last")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test once for each operation that its requirement is about."""
        if "client" in metafunc.fixturenames:
            names = self._context.settings.clients
            ids = [name.rsplit(":", 1)[-1] for name in names]
            metafunc.parametrize("client", names, ids=ids, indirect=True, scope="session")
        if "operation" in metafunc.fixturenames:
            requirement = self._requirement(metafunc.definition)
            operations = [self._context.contract.operation(name) for name in requirement.operations]
            metafunc.parametrize("operation", operations, ids=lambda operation: operation.id)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what the run was not asked for, and put first what finds faults soonest."""
        kept: list[pytest.Item] = []
        for item in items:
            requirement = self._requirement(item)
            operation = self._context.contract.operation(self._operation(item, requirement))
            if self._context.chosen(requirement, operation):
                kept.append(item)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        # Each test with one client after the other, as a client may differ from its sibling.
        places: dict[str, int] = {}
        for item in kept:
            places.setdefault(item.nodeid.partition("[")[0], len(places))
        items[:] = sorted(
            kept,
            key=lambda item: (
                item.get_closest_marker("late") is not None,
                places[item.nodeid.partition("[")[0]],
            ),
        )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say how much there is to do."""
        self.progress.started(len(session.items))

    # Fixtures

    @pytest.fixture(scope="session")
    def context(self) -> Context:
        """The run."""
        return self._context

    @pytest.fixture
    def wire(self) -> Wire:
        """Connection to the server as the user that the suite works as."""
        assert self._context.wire is not None
        return self._context.wire

    @pytest.fixture
    def world(self) -> World:
        """What this run owns on the server."""
        assert self._context.world is not None
        return self._context.world

    @pytest.fixture
    def member(self) -> Wire:
        """Connection as the second user; tests that need one say so in their requirement."""
        assert self._context.member is not None
        return self._context.member

    # Outcome

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip what this server or run cannot show, and name the test in the server's log."""
        requirement = self._requirement(item)
        self.progress.judging(requirement, self._operation(item, requirement))
        self._context.checked = 0
        if self._context.wire is not None:
            self._context.wire.label = requirement.id
            self._context.wire.last = None
        # Not a failure and not passed over: the result says that it was not tested, and why.
        for feature in requirement.features:
            if feature not in self._context.features:
                why = f"needs {feature}, which this run does not have"
                pytest.skip(self._context.lacks.get(feature, why))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn what pytest saw into a result."""
        report = yield
        requirement = self._requirement(item)
        operation = self._operation(item, requirement)
        if (requirement.id, operation) in self._context.inapplicable:
            return report
        result = self._results.get((requirement.id, operation))
        if result is None:
            result = Result(requirement, operation, Outcome.SKIPPED)
            self._results[requirement.id, operation] = result
            self._context.run.results.append(result)
        result.seconds += call.duration
        if call.excinfo is not None and isinstance(call.excinfo.value, DoesNotApplyError):
            self._context.inapplicable[requirement.id, operation] = str(call.excinfo.value)
            self._context.run.results.remove(result)
            del self._results[requirement.id, operation]
            return report
        if call.excinfo is not None:
            outcome = self._judge(result, call.excinfo.value)
        elif report.when == "call":
            outcome = Outcome.PASSED
            result.checked += self._context.checked
        else:
            return report
        wire = self._context.wire
        if wire is not None and wire.gone and not self._context.run.trouble:
            self._context.run.trouble = "the server does not answer any more"
            item.session.shouldstop = self._context.run.trouble
        # A requirement may have several tests; the worst outcome is the one that counts.
        if _SEVERITY.index(outcome) > _SEVERITY.index(result.outcome):
            result.outcome = outcome
            self._stop_after(result, item.session)
        self.progress.judged(outcome, result)
        return report

    def _stop_after(self, result: Result, session: pytest.Session) -> None:
        """End the run with the last failure that it was told to wait for."""
        known = any(entry.fits(result) and not entry.expired for entry in self._context.known)
        if not result.counts_against or known:
            return
        self._failures += 1
        most = self._context.settings.max_failures
        if most is not None and self._failures >= most:
            self._context.stopped = f"stopped after {most} failure{'s' * (most > 1)}"
            session.shouldstop = self._context.stopped

    def _judge(self, result: Result, error: BaseException) -> Outcome:
        if isinstance(root_of(error), pytest.skip.Exception | NotThereError):
            result.reason = str(root_of(error))
            return Outcome.SKIPPED
        mismatches = list(_mismatches(error))
        if mismatches:
            result.failures += [evidence(mismatch) for mismatch in mismatches]
            return Outcome.FAILED
        error = root_of(error)
        result.reason = redact(f"{type(error).__name__}: {error}")[:600]
        last = self._context.wire.last if self._context.wire is not None else None
        if last is not None and isinstance(error, _STUMBLES):
            # The test took the answer for what the contract promises; was it that?
            broken = self._context.broken(last)
            if broken:
                result.reason = ""
                result.failures += [evidence(mismatch) for mismatch in broken]
                return Outcome.FAILED
        if last is not None:
            result.failures.append(
                Failure("an answer to go on with", result.reason, last.curl(), last.answer())
            )
        return Outcome.ERROR

    def _requirement(self, item: pytest.Item) -> Requirement:
        marker = item.get_closest_marker("requirement")
        if marker is None:
            raise pytest.UsageError(f"{item.nodeid} names no requirement")
        found = self._context.requirements.get(marker.args[0])
        if found is None:
            raise pytest.UsageError(
                f"{item.nodeid} names {marker.args[0]!r}, which is not catalogued"
            )
        return found

    def _operation(self, item: pytest.Item, requirement: Requirement) -> str:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and isinstance(callspec.params.get("operation"), Operation):
            return str(callspec.params["operation"].id)
        return requirement.operations[0]


def evidence(mismatch: Mismatch) -> Failure:
    """A mismatch as a report shows it."""
    seen = mismatch.exchange
    return Failure(
        mismatch.expected,
        mismatch.actual,
        seen.curl() if seen is not None else "",
        seen.answer() if seen is not None else "",
    )


def root_of(error: BaseException) -> BaseException:
    """What is inside of a group of one, such as hypothesis' for an error that came and went."""
    if isinstance(error, BaseExceptionGroup):
        inner = cast("BaseExceptionGroup[BaseException]", error).exceptions
        return root_of(inner[0]) if len(inner) == 1 else cast("BaseException", error)
    return error


def _mismatches(error: BaseException | None, depth: int = 0) -> Iterator[Mismatch]:
    """The mismatches in an error, also those that hypothesis wrapped because they came and went."""
    if isinstance(error, Mismatch):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        for inner in group.exceptions:
            yield from _mismatches(inner, depth + 1)
    elif error is not None and depth < 4:
        yield from _mismatches(error.__cause__ or error.__context__, depth + 1)
