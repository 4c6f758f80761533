"""Conveniences on top of the operations: lists, life cycle, waiting, search."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from coder_workspaces import (
    BuildFailedError,
    ConflictError,
    InvalidArgumentError,
    WaitTimeoutError,
    _async_lifecycle,
    workspace_query,
)
from coder_workspaces.models import WorkspaceStatus

from .payloads import BUILD_ID, WORKSPACE_ID, build, workspace
from .support import Runner, answers, json_answer


class ListServer:
    """A list of workspaces, some of which the caller may not read: they count but do not show."""

    def __init__(self, total: int, hidden: frozenset[int] = frozenset()) -> None:
        self.items = [workspace(id=str(uuid.uuid4()), name=f"w{i}") for i in range(total)]
        self.hidden = hidden
        self.requests: list[httpx2.Request] = []
        self.after_page: Callable[[], None] = lambda: None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a page."""
        self.requests.append(request)
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        shown = [
            item
            for index, item in enumerate(self.items)
            if offset <= index < offset + limit and index not in self.hidden
        ]
        answer = json_answer(200, {"workspaces": shown, "count": len(self.items)})
        self.after_page()
        return answer


def _names(runner: Runner, server: ListServer, **arguments: Any) -> list[str]:
    def sync(client: Any) -> list[str]:
        return [found.name for found in client.workspaces.iter_workspaces(**arguments)]

    async def asynchronous(client: Any) -> list[str]:
        return [found.name async for found in client.workspaces.iter_workspaces(**arguments)]

    result: list[str] = runner.run(server, asynchronous if runner.is_async else sync)
    return result


@pytest.mark.parametrize(("total", "calls"), [(0, 1), (1, 1), (9, 1), (10, 1), (11, 2), (25, 3)])
def test_lists_come_page_by_page(runner: Runner, total: int, calls: int) -> None:
    """Every workspace comes once, with as few requests as the page size allows."""
    server = ListServer(total)
    assert _names(runner, server, page_size=10, q="owner:me") == [f"w{i}" for i in range(total)]
    assert len(server.requests) == calls
    assert all(request.url.params["q"] == "owner:me" for request in server.requests)


def test_short_pages_are_not_the_end(runner: Runner) -> None:
    """Pages from which unreadable workspaces are missing, even empty ones, are read over."""
    server = ListServer(30, frozenset(range(5, 25)))
    expected = [f"w{i}" for i in [*range(5), *range(25, 30)]]
    assert _names(runner, server, page_size=10) == expected


def test_a_list_that_changes_gives_nothing_twice(runner: Runner) -> None:
    """Workspaces that move to a later page while the list is read are not repeated."""
    server = ListServer(20)

    def grow() -> None:
        if len(server.requests) == 1:
            server.items[:0] = [workspace(id=str(uuid.uuid4()), name=f"n{i}") for i in range(3)]

    server.after_page = grow
    names = _names(runner, server, page_size=10)
    assert len(names) == len(set(names))
    assert set(names) >= {f"w{i}" for i in range(20)}


def test_lists_are_lazy() -> None:
    """Nothing is fetched before the first item is asked for, and no page before it is needed."""
    server = ListServer(30)

    def action(client: Any) -> None:
        iterator = client.workspaces.iter_workspaces(page_size=10)
        assert server.requests == []
        for _ in range(10):
            next(iterator)
        assert len(server.requests) == 1

    Runner(is_async=False).run(server, action)


@pytest.mark.parametrize("size", [0, -1])
def test_page_sizes_are_positive(runner: Runner, size: int) -> None:
    """A page size of zero would mean all at once to the server, and is refused."""
    with pytest.raises(InvalidArgumentError, match="page_size"):
        runner.run(ListServer(1), lambda c: c.workspaces.iter_workspaces(page_size=size))


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between two looks, which do not take place."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(_async_lifecycle, "anyio", SimpleNamespace(sleep=sleep))
    return pauses


def _build(status: str, transition: str = "start", **job: Any) -> dict[str, Any]:
    made = build(transition=transition)
    made["job"] |= {"status": status} | job
    return made


@pytest.mark.parametrize(
    ("method", "transition"),
    [("start_workspace", "start"), ("stop_workspace", "stop"), ("delete_workspace", "delete")],
)
def test_life_cycle(runner: Runner, no_pauses: list[float], method: str, transition: str) -> None:
    """Each method requests its transition and waits until the build has succeeded."""
    server = answers(
        json_answer(201, _build("pending", transition)),
        json_answer(200, _build("running", transition)),
        json_answer(200, _build("succeeded", transition)),
    )
    result = runner.run(server, lambda c: getattr(c.workspaces, method)(WORKSPACE_ID))
    assert result.job.status == "succeeded"
    assert [request.method for request in server.requests] == ["POST", "GET", "GET"]
    assert json.loads(server.requests[0].content) == {"transition": transition}
    assert server.requests[1].url.path.endswith(f"/workspacebuilds/{BUILD_ID}")
    assert no_pauses == [0.25]


def test_without_waiting(runner: Runner) -> None:
    """With wait=False the queued build is returned at once."""
    server = answers(json_answer(201, _build("pending")))
    result = runner.run(server, lambda c: c.workspaces.start_workspace(WORKSPACE_ID, wait=False))
    assert result.job.status == "pending"
    assert len(server.requests) == 1


@pytest.mark.usefixtures("no_pauses")
def test_restart(runner: Runner) -> None:
    """A restart stops, waits, and only then starts."""
    server = answers(
        json_answer(201, _build("pending", "stop")),
        json_answer(200, _build("succeeded", "stop")),
        json_answer(201, _build("pending", "start")),
        json_answer(200, _build("succeeded", "start")),
    )
    result = runner.run(server, lambda c: c.workspaces.restart_workspace(WORKSPACE_ID))
    assert result.transition == "start"
    assert [request.method for request in server.requests] == ["POST", "GET", "POST", "GET"]


@pytest.mark.parametrize("status", ["failed", "canceled"])
@pytest.mark.usefixtures("no_pauses")
def test_failed_builds(runner: Runner, status: str) -> None:
    """A build that fails or is cancelled is an exception with the server's reason."""
    server = answers(
        json_answer(201, _build("pending")), json_answer(200, _build(status, error="no quota"))
    )
    with pytest.raises(
        BuildFailedError, match=f"start of workspace 'dev' ended as {status}: no quota"
    ) as caught:
        runner.run(server, lambda c: c.workspaces.start_workspace(WORKSPACE_ID))
    assert caught.value.build_id == BUILD_ID
    assert caught.value.job_error == "no quota"


def test_a_refused_build(runner: Runner) -> None:
    """What the server refuses is raised as it is."""
    server = answers(json_answer(409, {"message": "A workspace build is already active."}))
    with pytest.raises(ConflictError):
        runner.run(server, lambda c: c.workspaces.start_workspace(WORKSPACE_ID))


def test_waiting_has_an_end(runner: Runner) -> None:
    """After the time limit the wait is given up, which says for what."""
    server = answers(json_answer(200, workspace()))
    with pytest.raises(WaitTimeoutError, match=r"Waited 0\.1 s for the status stopped") as caught:
        runner.run(
            server,
            lambda c: c.workspaces.wait_for(WORKSPACE_ID, WorkspaceStatus.STOPPED, timeout=0.1),
        )
    assert caught.value.seconds == 0.1
    with pytest.raises(InvalidArgumentError, match="positive"):
        runner.run(server, lambda c: c.workspaces.wait_for_build(BUILD_ID, timeout=0))


def _with_status(status: str) -> httpx2.Response:
    return json_answer(200, workspace(latest_build=build(status=status)))


def test_waiting_for_a_status(runner: Runner, no_pauses: list[float]) -> None:
    """The workspace is looked at in growing intervals until it has the status."""
    server = answers(*(_with_status("starting") for _ in range(12)), _with_status("running"))
    found = runner.run(
        server, lambda c: c.workspaces.wait_for(WORKSPACE_ID, WorkspaceStatus.RUNNING)
    )
    assert found.latest_build.status is WorkspaceStatus.RUNNING
    assert no_pauses == sorted(no_pauses)
    assert (no_pauses[0], no_pauses[-1]) == (0.25, 5.0)
    assert server.requests[0].url.params["include_deleted"] == "true"


def test_waiting_for_a_status_that_will_not_come(runner: Runner) -> None:
    """When the latest build failed, waiting for another status ends at once."""
    with pytest.raises(BuildFailedError):
        runner.run(
            answers(_with_status("failed")),
            lambda c: c.workspaces.wait_for(WORKSPACE_ID, WorkspaceStatus.RUNNING),
        )
    found = runner.run(
        answers(_with_status("failed")),
        lambda c: c.workspaces.wait_for(WORKSPACE_ID, WorkspaceStatus.FAILED),
    )
    assert found.latest_build.status == "failed"


@pytest.mark.usefixtures("no_pauses")
def test_waiting_for_a_condition(runner: Runner) -> None:
    """Any function of the workspace can be waited for."""
    server = answers(json_answer(200, workspace()), json_answer(200, workspace(outdated=True)))
    found = runner.run(server, lambda c: c.workspaces.wait_for(WORKSPACE_ID, lambda w: w.outdated))
    assert found.outdated


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (workspace_query(), ""),
        (workspace_query("dev"), "dev"),
        (workspace_query("alice/dev box"), 'alice/"dev box"'),
        (workspace_query(name="a:b"), 'name:"a:b"'),
        (workspace_query(name="a/b", owner="me"), 'name:"a/b" owner:me'),
        (workspace_query(status=WorkspaceStatus.RUNNING), "status:running"),
        (
            workspace_query(has_agent="connected", outdated=True),
            "has-agent:connected outdated:true",
        ),
        (workspace_query(dormant=True, has_ai_task=False), "dormant:true has-ai-task:false"),
        (workspace_query(ids=["a", "b"]), "id:a,b"),
        (workspace_query(ids=[]), ""),
        (
            workspace_query(last_used_after=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)),
            'last_used_after:"2025-01-02T03:04:05+00:00"',
        ),
        (
            workspace_query(parameters={"region": "eu west", "cpu": None}),
            'param:"region=eu west" param:cpu',
        ),
        (workspace_query(organization=uuid.UUID(BUILD_ID)), f"organization:{BUILD_ID}"),
    ],
)
def test_queries(query: str, text: str) -> None:
    """Conditions are written in the grammar of the search, quoted where it needs that."""
    assert query == text


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": 'a"b'},
        {"name": ""},
        {"text": "a", "name": "b"},
        {"text": "a/b/c"},
        {"text": "a/"},
        {"parameters": {"a": "b=c"}},
        {"parameters": {"a=b": None}},
        {"parameters": {"a": ""}},
        {"last_used_after": datetime(2025, 1, 2)},  # noqa: DTZ001 - the mistake
    ],
)
def test_what_the_search_cannot_express(arguments: dict[str, Any]) -> None:
    """A value that would be read as something else is refused."""
    with pytest.raises(InvalidArgumentError):
        workspace_query(**arguments)
