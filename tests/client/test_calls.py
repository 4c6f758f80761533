"""What is sent for a call, and what comes back from it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import httpx2
import pytest

from coder_workspaces import (
    DecodingError,
    InvalidArgumentError,
    RequestOptions,
    UnexpectedStatusError,
)
from coder_workspaces.api.workspaces import get_workspace_metadata_by_id as endpoint
from coder_workspaces.models import (
    AutomaticUpdates,
    CreateWorkspaceBuildRequest,
    CreateWorkspaceRequest,
    LoginWithPasswordRequest,
    PutExtendWorkspaceRequest,
    Response,
    UpdateWorkspaceAutostartRequest,
    UpdateWorkspaceDormancy,
    UpdateWorkspaceTTLRequest,
    Workspace,
    WorkspaceStatus,
    WorkspaceTransition,
)

from .payloads import BUILD_ID, TOKEN, WORKSPACE_ID, build, workspace
from .support import BASE_URL, Runner, answers, json_answer


def _body(request: httpx2.Request) -> Any:
    return json.loads(request.content)


def test_a_read_is_one_get_with_the_token(runner: Runner) -> None:
    """A call sends one request to the operation's address, with the token in Coder's header."""
    server = answers(json_answer(200, workspace()))
    found = runner.run(server, lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID))
    assert isinstance(found, Workspace)
    assert found.id == UUID(WORKSPACE_ID)
    assert found.latest_build.status is WorkspaceStatus.RUNNING
    assert server.request.method == "GET"
    assert str(server.request.url) == f"{BASE_URL}/api/v2/workspaces/{WORKSPACE_ID}"
    assert server.request.headers["coder-session-token"] == TOKEN
    assert server.request.headers["user-agent"].startswith("coder-workspaces-python/")
    assert "cookie" not in server.request.headers
    assert "authorization" not in server.request.headers


def test_query_parameters_are_sent_only_when_given(runner: Runner) -> None:
    """What is left out is not sent, and values are written as the server reads them."""
    page = {"workspaces": [], "count": 0}
    server = answers(json_answer(200, page))
    runner.run(server, lambda c: c.workspaces.list_workspaces())
    assert server.request.url.query == b""
    server = answers(json_answer(200, page))
    runner.run(server, lambda c: c.workspaces.list_workspaces(q='name:"a b" owner:me', limit=0))
    assert dict(server.request.url.params) == {"q": 'name:"a b" owner:me', "limit": "0"}
    server = answers(json_answer(200, workspace()))
    runner.run(
        server,
        lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID, include_deleted=True),
    )
    assert server.request.url.query == b"include_deleted=true"


def test_times_in_a_query_need_a_zone(runner: Runner) -> None:
    """A time is sent with its zone; one without could mean anything and is refused."""
    server = answers(json_answer(200, [build()]))
    moment = datetime(2025, 8, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    runner.run(server, lambda c: c.builds.list_workspace_builds(WORKSPACE_ID, since=moment))
    assert server.request.url.params["since"] == "2025-08-01T12:00:00+02:00"
    with pytest.raises(InvalidArgumentError, match="no time zone"):
        runner.run(
            server,
            lambda c: c.builds.list_workspace_builds(
                WORKSPACE_ID,
                since=datetime(2025, 8, 1),  # noqa: DTZ001 - the mistake
            ),
        )


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_path_segment_cannot_lead_elsewhere(runner: Runner, name: str) -> None:
    """Values that would change which address is called are refused before anything is sent."""
    server = answers(json_answer(200, workspace()))
    with pytest.raises(InvalidArgumentError, match="workspacename"):
        runner.run(
            server,
            lambda c: c.workspaces.get_workspace_metadata_by_user_and_workspace_name("me", name),
        )
    assert server.requests == []


def test_path_segments_are_encoded(runner: Runner) -> None:
    """Slashes, question marks and others stay inside their segment."""
    server = answers(json_answer(200, workspace()))
    runner.run(
        server,
        lambda c: c.workspaces.get_workspace_metadata_by_user_and_workspace_name("me", "a/b?c=d#é"),
    )
    raw = server.request.url.raw_path
    assert raw == b"/api/v2/users/me/workspace/a%2Fb%3Fc%3Dd%23%C3%A9"


def test_created_is_success(runner: Runner) -> None:
    """201 is decoded like 200."""
    server = answers(json_answer(201, workspace(name="new-one")))
    request = CreateWorkspaceRequest(name="new-one", template_id=UUID(BUILD_ID), ttl_ms=3_600_000)
    made = runner.run(server, lambda c: c.workspaces.create_user_workspace("me", body=request))
    assert made.name == "new-one"
    assert server.request.headers["content-type"] == "application/json"
    assert _body(server.request) == {
        "name": "new-one",
        "template_id": BUILD_ID,
        "ttl_ms": 3_600_000,
    }


def test_no_content_is_none(runner: Runner) -> None:
    """204 is success without a value."""
    server = answers(httpx2.Response(204))
    result = runner.run(server, lambda c: c.workspaces.favorite_workspace_by_id(WORKSPACE_ID))
    assert result is None
    assert server.request.method == "PUT"
    assert server.request.content == b""


def test_not_modified_is_none_and_ok_is_the_workspace(runner: Runner) -> None:
    """Dormancy answers 200 with the workspace, or 304 when there was nothing to do."""
    body = UpdateWorkspaceDormancy(dormant=True)

    def change(c: Any) -> Any:
        return c.workspaces.update_workspace_dormancy_status_by_id(WORKSPACE_ID, body=body)

    assert runner.run(answers(httpx2.Response(304)), change) is None
    moment = "2025-08-02T00:00:00Z"
    changed = runner.run(answers(json_answer(200, workspace(dormant_at=moment))), change)
    assert changed.dormant_at == datetime(2025, 8, 2, tzinfo=UTC)


def test_an_envelope_can_be_a_success(runner: Runner) -> None:
    """Extending answers 200 with a message; that is a result and no exception."""
    server = answers(json_answer(200, {"message": "Deadline updated."}))
    body = PutExtendWorkspaceRequest(deadline=datetime(2025, 8, 1, 12, tzinfo=UTC))
    result = runner.run(
        server, lambda c: c.workspaces.extend_workspace_deadline_by_id(WORKSPACE_ID, body=body)
    )
    assert isinstance(result, Response)
    assert result.message == "Deadline updated."
    assert result.detail is None
    assert datetime.fromisoformat(_body(server.request)["deadline"]) == body.deadline


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (UpdateWorkspaceTTLRequest(), {}),
        (UpdateWorkspaceTTLRequest(ttl_ms=None), {"ttl_ms": None}),
        (UpdateWorkspaceTTLRequest(ttl_ms=0), {"ttl_ms": 0}),
        (UpdateWorkspaceTTLRequest(ttl_ms=60_000), {"ttl_ms": 60_000}),
    ],
)
def test_absent_null_and_zero_differ(
    runner: Runner, body: UpdateWorkspaceTTLRequest, sent: dict[str, Any]
) -> None:
    """A field that is left out, one that is None and one that is zero are sent as they are."""
    server = answers(httpx2.Response(204))
    runner.run(server, lambda c: c.workspaces.update_workspace_ttl_by_id(WORKSPACE_ID, body=body))
    assert _body(server.request) == sent


def test_an_optional_body_may_be_left_out(runner: Runner) -> None:
    """Usage may be reported without a body, and then none is sent."""
    server = answers(httpx2.Response(204))
    runner.run(server, lambda c: c.workspaces.post_workspace_usage_by_id(WORKSPACE_ID))
    assert server.request.content == b""
    assert "content-type" not in server.request.headers


def test_lists_are_decoded(runner: Runner) -> None:
    """An answer that is a JSON array becomes a list of models."""
    server = answers(json_answer(200, [build(), build(build_number=2)]))
    builds = runner.run(server, lambda c: c.builds.list_workspace_builds(WORKSPACE_ID))
    assert [found.build_number for found in builds] == [1, 2]


def test_the_token_is_not_sent_where_none_is_needed(runner: Runner) -> None:
    """Signing in works with a stale token configured, since it is not sent along."""
    server = answers(json_answer(201, {"session_token": TOKEN}, set_cookie=f"coder={TOKEN}"))
    body = LoginWithPasswordRequest(email="a@example.com", password="hidden")
    session = runner.run(server, lambda c: c.authentication.login_with_password(body=body))
    assert session.session_token == TOKEN
    assert "coder-session-token" not in server.request.headers
    assert TOKEN not in repr(session)
    assert "hidden" not in repr(body)


def test_cookies_of_the_server_are_not_sent_back(runner: Runner) -> None:
    """A session cookie would take precedence over the token, so it is never kept."""
    cookie = f"coder_session_token={TOKEN}; Path=/"
    server = answers(
        json_answer(201, {"session_token": TOKEN}, set_cookie=cookie),
        json_answer(200, workspace()),
    )
    body = LoginWithPasswordRequest(email="a@example.com", password="hidden")

    def both_sync(c: Any) -> Any:
        c.authentication.login_with_password(body=body)
        return c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)

    async def both_async(c: Any) -> Any:
        await c.authentication.login_with_password(body=body)
        return await c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)

    runner.run(server, both_async if runner.is_async else both_sync)
    assert "cookie" not in server.requests[1].headers


def test_redirects_are_not_followed(runner: Runner) -> None:
    """The token stays with the configured server: a redirect is reported, not followed."""
    server = answers(httpx2.Response(302, headers={"location": "https://evil.example/"}))
    with pytest.raises(UnexpectedStatusError, match="302"):
        runner.run(server, lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID))
    assert len(server.requests) == 1


def test_options_of_one_call(runner: Runner) -> None:
    """Headers and time limits can be set for a single call."""
    server = answers(json_answer(200, workspace()))
    options = RequestOptions(timeout=1.5, headers={"X-Test": "yes"})
    runner.run(
        server,
        lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID, options=options),
    )
    assert server.request.headers["x-test"] == "yes"
    assert server.request.extensions["timeout"]["read"] == 1.5


def test_time_limits_are_finite_by_default(runner: Runner) -> None:
    """No default waits for ever."""
    server = answers(json_answer(200, workspace()))
    runner.run(server, lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID))
    limits = server.request.extensions["timeout"]
    assert set(limits) == {"connect", "read", "write", "pool"}
    assert all(0 < limit <= 60 for limit in limits.values())


def test_a_missing_required_field_is_named(runner: Runner) -> None:
    """A success that does not fit the contract says which field is wrong."""
    body = workspace()
    del body["latest_build"]["job"]["status"]
    with pytest.raises(DecodingError, match=r"latest_build\.job\.status: Field required") as caught:
        runner.run(
            answers(json_answer(200, body)),
            lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID),
        )
    assert caught.value.operation == "getWorkspaceMetadataById"
    assert caught.value.status == 200


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b'{"id":'])
def test_a_success_that_is_no_json_object(runner: Runner, body: bytes) -> None:
    """A body that is not what was promised is a decoding error, whatever it is."""
    with pytest.raises(DecodingError):
        runner.run(
            answers(httpx2.Response(200, content=body)),
            lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID),
        )


def test_the_detailed_functions_return_what_came_around_the_body(runner: Runner) -> None:
    """Status, headers and raw body stand beside the decoded one."""
    server = answers(json_answer(200, workspace(), x_coder_request_id="r-1"))

    def call(c: Any) -> Any:
        function = endpoint.asyncio_detailed if runner.is_async else endpoint.sync_detailed
        return function(WORKSPACE_ID, client=c)

    response = runner.run(server, call)
    assert response.status == 200
    assert response.request_id == "r-1"
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.content) == workspace()
    assert response.parsed.name == "dev"


def test_constraints_are_checked_before_sending() -> None:
    """A request model refuses what the contract forbids."""
    with pytest.raises(ValueError, match="pattern"):
        CreateWorkspaceRequest(name="two--hyphens")
    with pytest.raises(ValueError, match="pattern"):
        CreateWorkspaceRequest(name="newline\n")
    with pytest.raises(ValueError, match="less than or equal"):
        UpdateWorkspaceTTLRequest(ttl_ms=2_592_060_000)
    with pytest.raises(ValueError, match="timezone"):
        PutExtendWorkspaceRequest(deadline=datetime(2025, 8, 1))  # noqa: DTZ001 - the mistake
    with pytest.raises(ValueError, match="pattern"):
        UpdateWorkspaceAutostartRequest(schedule="not a schedule")


def test_request_enums_are_closed() -> None:
    """A value that the server does not know is refused, and so is a misspelt field."""
    with pytest.raises(ValueError, match="'sometimes' is not one of 'always', 'never'"):
        CreateWorkspaceRequest(name="a", automatic_updates=AutomaticUpdates("sometimes"))
    with pytest.raises(ValueError, match="Extra inputs"):
        CreateWorkspaceRequest.model_validate({"name": "a", "tl_ms": 1})
    built = CreateWorkspaceBuildRequest(transition=WorkspaceTransition.STOP)
    assert built.to_dict() == {"transition": "stop"}


def test_texts_that_cannot_be_sent(runner: Runner) -> None:
    """Half of a surrogate pair is refused before anything is sent."""
    server = answers(json_answer(200, workspace()))
    for action in (
        lambda c: c.users.get_user("\ud800"),
        lambda c: c.workspaces.list_workspaces(q="\ud800"),
    ):
        with pytest.raises(InvalidArgumentError, match="UTF-8"):
            runner.run(server, action)
    assert server.requests == []


def test_a_request_can_be_built_up() -> None:
    """Fields can be set one after the other, under the same rules."""
    body = CreateWorkspaceRequest(name="a", template_id=UUID(WORKSPACE_ID))
    body.ttl_ms = 60_000
    assert body.to_dict() == {"name": "a", "template_id": WORKSPACE_ID, "ttl_ms": 60_000}
    with pytest.raises(ValueError, match="greater than"):
        body.ttl_ms = -1
    with pytest.raises(ValueError, match="name: 'new' is not allowed"):
        body.name = "new"


def test_many_threads_may_share_a_client() -> None:
    """The first use from many threads at once, with everything still to be loaded, works."""
    code = """
import json, sys, threading, httpx2
from coder_workspaces import Client
body = json.loads(sys.stdin.read())
transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=body))
failures, barrier = [], threading.Barrier(12)
with Client("http://localhost", transport=transport) as client:
    def work():
        barrier.wait()
        try:
            found = client.workspaces.get_workspace_metadata_by_id("x")
            assert found.latest_build.job.status == "succeeded"
        except BaseException as error:
            failures.append(repr(error))
    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
sys.exit("; ".join(failures) or 0)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(workspace()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
