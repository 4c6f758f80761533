from __future__ import annotations

import pytest

from .support import Runner


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the caller's environment configures."""
    monkeypatch.delenv("CODER_URL", raising=False)
    monkeypatch.delenv("CODER_SESSION_TOKEN", raising=False)
    monkeypatch.delenv("CODER_CLIENT_LOG", raising=False)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Both kinds of client, one after the other."""
    return Runner(is_async=request.param)
