"""Fixtures of the reference server's tests."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from coder_conformance.reference import Settings

from .contract_watch import Watch, watching
from .support import Api


@pytest.fixture
def make_api() -> Generator[Callable[..., Api]]:
    """Give a maker of deployments with other switches or contents."""
    made: list[Api] = []

    def make(seed: Any = None, **settings: Any) -> Api:
        settings.setdefault("build_seconds", 4)
        api = Api(Settings(**settings), seed)
        made.append(api)
        return api

    yield make
    for api in made:
        api.close()


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """Give a deployment with the default contents; a build takes 4 s, an agent 2 s more."""
    return make_api()


@pytest.fixture(scope="session")
def _watch() -> Generator[Watch]:
    """Watch everything that is sent while the tests run."""
    with watching(Watch()) as watch:
        yield watch


@pytest.fixture(autouse=True)
def keeps_to_the_contract(_watch: Watch) -> Generator[Watch]:
    """Fail every test during which something was sent that the contract does not allow."""
    _watch.problems.clear()
    yield _watch
    _watch.allow_server_errors = False
    problems, _watch.problems = _watch.problems, []
    assert problems == [], "\n".join(problems[:10])
