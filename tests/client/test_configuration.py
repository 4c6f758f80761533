"""How a client is configured, and that it keeps the token to itself."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import Any

import httpx2
import pytest

from coder_workspaces import (
    AsyncClient,
    Client,
    ConfigurationError,
    RequestOptions,
    RetryPolicy,
    Timeouts,
)

from .payloads import TOKEN, WORKSPACE_ID, workspace
from .support import Runner, answers, json_answer


def _get(client: Any) -> Any:
    return client.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://coder.example.com", "https://coder.example.com/api/v2"),
        ("https://coder.example.com/", "https://coder.example.com/api/v2"),
        ("https://coder.example.com/api/v2", "https://coder.example.com/api/v2"),
        ("https://coder.example.com/api/v2/", "https://coder.example.com/api/v2"),
        ("http://[::1]:3000/coder/", "http://[::1]:3000/coder/api/v2"),
        (" http://127.0.0.1:3000 ", "http://127.0.0.1:3000/api/v2"),
    ],
)
def test_addresses(given: str, used: str) -> None:
    """The address of the deployment is enough; with the API's prefix it is understood as well."""
    with Client(given) as client:
        assert client.base_url == used


@pytest.mark.parametrize(
    "given",
    [
        "",
        "coder.example.com",
        "ftp://coder.example.com",
        "https://",
        "https://user:secret@coder.example.com",
        "https://coder.example.com?x=1",
        "https://coder.example.com#x",
        "https://coder.example.com:99999",
        "https://[::1",
    ],
)
def test_bad_addresses(given: str) -> None:
    """An address that cannot work is refused with a sentence that repeats no secret."""
    with pytest.raises(ConfigurationError) as caught:
        Client(given)
    assert "secret" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_the_environment_configures(monkeypatch: pytest.MonkeyPatch, runner: Runner) -> None:
    """Address and token come from the environment when no argument gives them."""
    monkeypatch.setenv("CODER_URL", "https://env.example.com")
    monkeypatch.setenv("CODER_SESSION_TOKEN", TOKEN)
    server = answers(json_answer(200, workspace()))
    runner.run(server, _get, base_url=None, token=None)
    assert server.request.url.host == "env.example.com"
    assert server.request.headers["coder-session-token"] == TOKEN


def test_arguments_win_over_the_environment(
    monkeypatch: pytest.MonkeyPatch, runner: Runner
) -> None:
    """What is passed counts, and an empty token means none."""
    monkeypatch.setenv("CODER_URL", "https://env.example.com")
    monkeypatch.setenv("CODER_SESSION_TOKEN", TOKEN)
    server = answers(json_answer(200, workspace()))
    runner.run(server, _get, base_url="https://arg.example.com", token="")
    assert server.request.url.host == "arg.example.com"
    assert "coder-session-token" not in server.request.headers


def test_without_an_address_there_is_no_client() -> None:
    """The message names the argument and the variable."""
    with pytest.raises(ConfigurationError, match=r"base_url=.*CODER_URL"):
        Client()
    with pytest.raises(ConfigurationError, match=r"base_url=.*CODER_URL"):
        AsyncClient()


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_the_repr_hides_the_token(kind: type[Any]) -> None:
    """Neither the client nor its settings show the token."""
    client = kind("https://coder.example.com", TOKEN)
    shown = repr(client) + repr(vars(client)) + str(client) + repr(client._settings)
    assert TOKEN not in shown
    assert "token=set" in repr(client)
    assert "https://coder.example.com" in repr(client)
    assert "token=none" in repr(kind("https://coder.example.com"))


@pytest.mark.parametrize("token", ["line\nbreak", "ünïcode", "a\x00b"])
def test_bad_tokens(token: str) -> None:
    """A token that no header can carry is refused without being repeated."""
    with pytest.raises(ConfigurationError) as caught:
        Client("https://coder.example.com", token)
    assert token not in str(caught.value)


@pytest.mark.parametrize("name", ["Coder-Session-Token", "Authorization", "COOKIE", "Host"])
def test_headers_cannot_replace_the_identity(name: str) -> None:
    """Who asks, and whom, is configured in one way only."""
    with pytest.raises(ConfigurationError, match=name):
        Client("https://coder.example.com", headers={name: "x"})


def test_headers_are_merged(runner: Runner) -> None:
    """The client's headers are sent, a call's replace them, and names ignore case."""
    server = answers(json_answer(200, workspace()))
    options = RequestOptions(headers={"x-b": "call"})
    runner.run(
        server,
        lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID, options=options),
        headers={"X-A": "client", "X-B": "client", "User-Agent": "mine/1"},
    )
    sent = server.request.headers
    assert (sent["x-a"], sent["x-b"], sent["user-agent"]) == ("client", "call", "mine/1")
    with pytest.raises(ConfigurationError, match="X-Bad"):
        Client("https://coder.example.com", headers={"X-Bad": "a\r\nInjected: yes"})


def test_time_limits() -> None:
    """A number stands for all limits of a request; single ones can be set."""
    with Client("http://localhost", timeout=2) as client:
        assert client._settings.timeouts == Timeouts(2, 2, 2, 2, 45.0)
        assert client.with_options(timeout=Timeouts(read=1))._settings.timeouts.read == 1
    with pytest.raises(ConfigurationError, match="positive"):
        Client("http://localhost", timeout=0)


def test_a_stream_outlives_the_heartbeat() -> None:
    """The default limit of a stream is longer than the server's 15 seconds between pings."""
    limit = Timeouts().stream
    assert limit is not None
    assert limit >= 30


def test_with_options_shares_connections(runner: Runner) -> None:
    """A copy has its own settings; closing it does not close the original."""
    server = answers(json_answer(200, workspace()))

    def sync(client: Client) -> None:
        with client.with_options(headers={"x-copy": "1"}, retry=False) as copy:
            copy.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)
        client.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)

    async def asynchronous(client: AsyncClient) -> None:
        async with client.with_options(headers={"x-copy": "1"}, retry=False) as copy:
            await copy.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)
        await client.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)

    runner.run(server, asynchronous if runner.is_async else sync)
    assert ["x-copy" in request.headers for request in server.requests] == [True, False]


def test_an_http_client_can_be_injected() -> None:
    """A given HTTP client is used and left open; its cookies and redirects are not."""
    server = answers(json_answer(200, workspace()), httpx2.Response(302, headers={"location": "/"}))
    with httpx2.Client(
        transport=httpx2.MockTransport(server), cookies={"a": "b"}, follow_redirects=True
    ) as http:
        with Client("http://localhost", TOKEN, http_client=http, retry=False) as client:
            _get(client)
            with pytest.raises(Exception, match="302"):
                _get(client)
        assert not http.is_closed
    assert "cookie" not in server.requests[0].headers
    with httpx2.Client() as http, pytest.raises(ConfigurationError, match="not both"):
        Client("http://localhost", http_client=http, transport=httpx2.MockTransport(server))


def test_logs_show_calls_without_secrets(runner: Runner, caplog: pytest.LogCaptureFixture) -> None:
    """At debug level every attempt is logged, and no token with it."""
    caplog.set_level(logging.DEBUG)
    server = answers(json_answer(200, {"workspaces": [], "count": 0}))
    runner.run(server, lambda c: c.workspaces.list_workspaces(q=f"name:{TOKEN}"))
    lines = [record.getMessage() for record in caplog.records if record.name == "coder_workspaces"]
    assert any("listWorkspaces: GET" in line and "-> 200" in line for line in lines)
    assert not any(TOKEN in line for line in lines)


def test_a_policy_must_make_sense() -> None:
    """Impossible repetitions are refused when the policy is made."""
    with pytest.raises(ValueError, match="at least 1"):
        RetryPolicy(attempts=0)
    with pytest.raises(ValueError, match="negative"):
        RetryPolicy(base_delay=-1)


def test_a_closed_client_says_so(runner: Runner) -> None:
    """Calls and streams of a closed client are a clear mistake."""

    def sync(client: Client) -> None:
        client.close()
        client.close()
        with pytest.raises(ConfigurationError, match="closed"):
            _get(client)
        with (
            pytest.raises(ConfigurationError, match="closed"),
            client.workspaces.watch_workspace_by_id(WORKSPACE_ID),
        ):
            pass

    async def asynchronous(client: AsyncClient) -> None:
        await client.aclose()
        with pytest.raises(ConfigurationError, match="closed"):
            await _get(client)
        with pytest.raises(ConfigurationError, match="closed"):
            async with client.workspaces.watch_workspace_by_id(WORKSPACE_ID):
                pass

    runner.run(answers(httpx2.Response(500)), asynchronous if runner.is_async else sync)


_LOGGING_PROGRAM = """
import sys, httpx2
from coder_workspaces import Client
transport = httpx2.MockTransport(lambda request: httpx2.Response(204))
with Client("http://localhost", sys.argv[1], transport=transport) as client:
    client.workspaces.favorite_workspace_by_id(sys.argv[1])
"""


@pytest.mark.parametrize(("value", "shown"), [("debug", True), ("INFO", False), ("", False)])
def test_the_log_can_be_switched_on(value: str, shown: bool) -> None:
    """One variable shows every call on standard error, and never a token."""
    run = subprocess.run(
        [sys.executable, "-c", _LOGGING_PROGRAM, TOKEN],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "CODER_CLIENT_LOG": value},
    )
    assert ("favoriteWorkspaceById: PUT" in run.stderr) is shown
    assert TOKEN not in run.stderr


def test_a_wrong_log_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level that does not exist is refused rather than ignored."""
    monkeypatch.setenv("CODER_CLIENT_LOG", "loud")
    with pytest.raises(ConfigurationError, match="CODER_CLIENT_LOG is 'loud'"):
        Client("http://localhost")
