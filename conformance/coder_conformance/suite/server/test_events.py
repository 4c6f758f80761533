"""What events show after the first one, the same for both kinds of streams."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from coder_conformance.agents import agents_of, at_work
from coder_conformance.consistency import workspace as contradictions
from coder_conformance.results import CannotJudgeError, DoesNotApplyError, Mismatch
from coder_conformance.shared import Shared
from coder_conformance.suite.server.scenario import Scenario, without_agents
from coder_conformance.suite.server.sharing import sharing
from coder_conformance.suite.server.watching import Watched, both, extend, fits, shaped, watch
from coder_conformance.wire import Wire

Json = dict[str, Any]
WITHDRAWN = "Internal error fetching workspace."


@both("each-event-fits")
def test_each_event_fits(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """Whatever was told while workspaces were started, stopped and deleted."""
    cycle, burial = shared.cycle(), shared.burial()
    odd: list[Mismatch] = []
    number = 0
    for told in (cycle.told[websocket], cycle.beside[websocket], burial.told[websocket]):
        for payload in told.payloads:
            number += 1
            shaped(scenario, "data", payload, told.opened)
            found = next(contradictions(payload), None)
            if found is not None:
                odd.append(Mismatch("a workspace whose fields agree", found, told.opened))
    if not number:
        raise CannotJudgeError("no stream told anything")
    # A single one may have been put together in the moment in which a build ended.
    if len(odd) > 1:
        raise odd[0]


@both("announces-agents")
def test_agents(scenario: Scenario, shared: Shared, websocket: bool) -> None:
    """What a read shows of them after a start, an event has shown as well."""
    cycle = shared.cycle()
    started = next((turn for turn in cycle.turns if turn.transition == "start"), None)
    if started is not None and started.steps and not agents_of(started.steps[-1].json()):
        without_agents()
    if cycle.agents is None:
        raise DoesNotApplyError("the agents of the template are not soon connected and ready")
    scenario.context.checked += 1
    told = cycle.told[websocket]
    if isinstance(told.error, CannotJudgeError):
        raise told.error
    if not any(at_work(payload) for payload in told.payloads):
        actual = f"{len(told.payloads)} events without that"
        raise Mismatch("all agents connected and ready in an event", actual, told.opened)


@both("withdrawn-access")
def test_withdrawn(
    scenario: Scenario, running: Json, member: Wire, other: str, websocket: bool
) -> None:
    """What happens is told as an error, and as data again once the workspace is shared again."""
    with sharing(scenario, running, other) as share:
        share("use")
        with watch(scenario, running, websocket=websocket, wire=member) as watched:
            for turn in range(2):
                share("")
                refusal(scenario, watched, running, 250 + 2 * turn)
                share("use")
                shows = extend(scenario, running, 251 + 2 * turn)
                for kind, payload in news(watched, "data, since it is shared again"):
                    if kind == "data" and shows(payload):
                        break


@both("withdrawn-access-text")
def test_withdrawn_text(
    scenario: Scenario, running: Json, member: Wire, other: str, websocket: bool
) -> None:
    """The one message."""
    with sharing(scenario, running, other) as share:
        share("use")
        with watch(scenario, running, websocket=websocket, wire=member) as watched:
            share("")
            told = refusal(scenario, watched, running, 260)
            if told["message"] != WITHDRAWN:
                raise Mismatch(f"the message {WITHDRAWN!r}", repr(told["message"]), watched.opened)


def refusal(scenario: Scenario, watched: Watched, workspace: Json, minutes: int) -> Json:
    """What a watcher without access is told of a new deadline.

    What happened before the access was withdrawn may still be on its way.
    """
    shows = extend(scenario, workspace, minutes)
    what = "an error for a user with whom the workspace is not shared any more"
    for kind, payload in news(watched, what):
        if kind == "error":
            return payload
        if shows(payload):
            raise Mismatch(what, "the new deadline", watched.opened)
    raise AssertionError(what)


def news(watched: Watched, what: str) -> Iterator[tuple[str, Json]]:
    """Kinds and payloads of events, all of them right.

    Raises:
        Mismatch: No more come, or too many.
    """
    limit = time.monotonic() + 2 * watched.stream.limit
    while time.monotonic() < limit:
        try:
            kind, payload = watched.stream.news()
        except Mismatch as error:
            raise Mismatch(what, error.actual, watched.opened) from None
        fits(watched.scenario, kind, payload, watched.opened)
        yield kind, payload
    raise Mismatch(what, "other events only", watched.opened)
