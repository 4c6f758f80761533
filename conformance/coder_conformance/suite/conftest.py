"""Fixtures of the suite's tests; those that come from the run itself are in the plug-in."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest

from coder_conformance.context import Context
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.wire import Wire
from coder_conformance.world import World

Json = dict[str, Any]


@pytest.fixture(scope="session", autouse=True)
def _profile(context: Context) -> None:
    """Hypothesis as the run wants it: repeatable, and honest about slow servers."""
    hypothesis.settings.register_profile(
        "suite",
        max_examples=context.settings.examples,
        deadline=None,  # a live server may be slow without being wrong
        database=None,  # what an earlier run found must not change what this seed sends
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[
            hypothesis.Phase.explicit,
            hypothesis.Phase.generate,
            hypothesis.Phase.shrink,
        ],
    )
    hypothesis.settings.load_profile("suite")


@pytest.fixture
def scenario(context: Context, wire: Wire, world: World) -> Scenario:
    """Steps for behaviour tests."""
    return Scenario(context, wire, world)


class Shared:
    """Workspaces that tests share, each brought back to its usual state before it is lent."""

    def __init__(self, context: Context) -> None:
        assert context.world is not None
        self.context = context
        self.world = context.world
        self._lent: dict[str, str] = {}

    def running(self) -> Json:
        """A running, active workspace with a deadline."""
        found = self._usual("running")
        if found is None or found["latest_build"]["deadline"] is None:
            found = self.world.create(ttl_ms=8 * 3_600_000)
        self._lent["running"] = found["id"]
        return found

    def stopped(self) -> Json:
        """A stopped, active workspace."""
        found = self._usual("stopped") or self.world.build(self.world.create()["id"], "stop")
        self._lent["stopped"] = found["id"]
        return found

    def deleted(self) -> Json:
        """A deleted workspace."""
        if "deleted" not in self._lent:
            self._lent["deleted"] = self.world.create()["id"]
            self.world.build(self._lent["deleted"], "delete")
        return self.world.read(self._lent["deleted"], include_deleted=True)

    def _usual(self, status: str) -> Json | None:
        if status not in self._lent:
            return None
        found = self.world.read(self._lent[status])
        if found["dormant_at"] is not None:
            operation = self.context.contract.operation("updateWorkspaceDormancyStatusById")
            self.world.wire.call(operation, {"workspace": found["id"]}, body={"dormant": False})
            found = self.world.read(found["id"])
        usual = found["latest_build"]["status"] == status and found["dormant_at"] is None
        return found if usual else None


@pytest.fixture(scope="session")
def shared(context: Context) -> Shared:
    """The shared workspaces."""
    return Shared(context)


@pytest.fixture
def running(shared: Shared) -> Json:
    """A running workspace with a deadline, as it is now; tests may change its settings."""
    return shared.running()


@pytest.fixture
def stopped(shared: Shared) -> Json:
    """A stopped workspace, as it is now; tests may change its settings."""
    return shared.stopped()


@pytest.fixture
def deleted(shared: Shared) -> Json:
    """A deleted workspace."""
    return shared.deleted()
