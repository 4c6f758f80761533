"""Service levels: how long answers take, by themselves and under load."""

from __future__ import annotations

import time

import pytest

from coder_conformance.context import Context
from coder_conformance.load import Load
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.service import Answer, Probe, Sample, take
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import usual
from coder_conformance.wire import UNSET, Wire
from coder_spec import Operation
from coder_spec.files import Json

# After everything that makes the server work; nothing else is under way then.
pytestmark = pytest.mark.late
MARK = pytest.mark.requirement
# Answers whose times make a percentile, and those before them that warm the server up.
ANSWERS = 100
WARM = 5


def probe(scenario: Scenario, wire: Wire, operation: Operation, workspace: Json) -> Probe:
    """A request of an operation that can be sent over and over."""
    request = usual(scenario, operation, workspace)
    body = UNSET if request.body is None else request.body

    def send() -> Answer:
        answer = wire.call(operation, request.path, body=body)
        return Answer(answer.seconds, answer.status, right=answer.status == request.status)

    return send


def judge(
    scenario: Scenario, operation: Operation, sample: Sample, duration: float, *, under_load: bool
) -> None:
    """Hold a sample against the limits of the run."""
    context = scenario.context
    context.checked += sample.count
    timing = sample.timing(operation.id, load=under_load, duration=duration)
    context.run.timings.append(timing)
    for status, number in sample.statuses.items():
        context.note_status(operation.id, status, number)
    shown = None if under_load else scenario.wire.last
    limits = context.settings.service.of(operation.id)
    found = [Mismatch(*pair, shown) for pair in sample.beyond(limits)]
    allowed = context.settings.service.error_rate if under_load else 0.0
    if len(sample.failures) > allowed * sample.count:
        actual = f"{len(sample.failures)} of {sample.count} failed, the first with: "
        found.append(
            Mismatch(f"at most {allowed:.2%} failed answers", actual + sample.failures[0], shown)
        )
    if found:
        raise ExceptionGroup(f"service levels of {operation.id}", found)


def latency(scenario: Scenario, operation: Operation, workspace: Json) -> None:
    """Judge the times of answers that come one after the other."""
    if not scenario.context.settings.service.of(operation.id):
        raise DoesNotApplyError("no limit of its latency was given")
    send = probe(scenario, scenario.wire, operation, workspace)
    for _ in range(WARM):
        send()
    sample = Sample()
    started = time.monotonic()
    for _ in range(ANSWERS):
        take(sample, send)
    judge(scenario, operation, sample, time.monotonic() - started, under_load=False)


@MARK("service/latency")
def test_latency(scenario: Scenario, operation: Operation, some: Json) -> None:
    """A hundred answers."""
    latency(scenario, operation, some)


@MARK("service/latency-of-changes")
def test_latency_of_changes(scenario: Scenario, operation: Operation, shared: Shared) -> None:
    """A hundred changes of a workspace of the run's own to what it is already."""
    latency(scenario, operation, shared.running())


@pytest.fixture(scope="module")
def under_load(context: Context) -> tuple[dict[str, Sample], float]:
    """What the load showed; all operations are in it together."""
    assert context.wire is not None
    assert context.world is not None
    assert context.shared is not None
    scenario = Scenario(context, context.wire, context.world)
    workspace = context.shared.any()
    chosen = [
        context.contract.operation(name)
        for name in context.requirements["service/sustained-load"].operations
    ]
    wires: list[Wire] = []

    def probes() -> dict[str, Probe]:
        own = scenario.wire
        wire = Wire(own.url, own.token, own.timeout, readonly=own.readonly)
        wire.label = "service/sustained-load"
        wires.append(wire)
        return {one.id: probe(scenario, wire, one, workspace) for one in chosen}

    try:
        return Load(context.settings.service, probes).run()
    finally:
        for wire in wires:
            wire.close()


@MARK("service/sustained-load")
def test_sustained_load(
    scenario: Scenario, operation: Operation, under_load: tuple[dict[str, Sample], float]
) -> None:
    """Several connections at once for as long as the run was told."""
    samples, duration = under_load
    judge(scenario, operation, samples[operation.id], duration, under_load=True)
