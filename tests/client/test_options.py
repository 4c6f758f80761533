"""What a client can be set up with besides address, token and time limits."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coder_workspaces import (
    AsyncClient,
    Client,
    ConfigurationError,
    DecodingError,
    RequestOptions,
    ServerVersionWarning,
)
from coder_workspaces.models import Workspace, WorkspacesResponse

from .payloads import WORKSPACE_ID, workspace
from .servers import event, raw_server, sse_script
from .support import Runner, answers, json_answer

_CERTIFICATE = Path(__file__).parent / "tls" / "server.pem"
VERSION = "X_Coder_Build_Version"


def _without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in workspace().items() if name not in names}


def test_further_query_parameters(runner: Runner) -> None:
    """Parameters that the contract does not know can be sent, by the client and by a call."""
    server = answers(json_answer(200, {"workspaces": [], "count": 0}))
    runner.run(
        server,
        lambda c: c.with_options(query={"a": "1", "b": "x&y"}).workspaces.list_workspaces(
            limit=5, options=RequestOptions(query={"b": "2", "c": "3"})
        ),
    )
    assert dict(server.request.url.params) == {"limit": "5", "a": "1", "b": "2", "c": "3"}


def test_they_are_encoded(runner: Runner) -> None:
    """A value cannot add a parameter of its own."""
    server = answers(json_answer(200, workspace()))
    options = RequestOptions(query={"x y": "a&b=c"})
    runner.run(
        server,
        lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID, options=options),
    )
    assert dict(server.request.url.params) == {"x y": "a&b=c"}


def test_a_lenient_client_reads_incomplete_answers(runner: Runner) -> None:
    """Required fields that are missing or null are None, at any depth, and stay left out."""
    incomplete = _without("owner_name", "health")
    incomplete["template_id"] = None
    del incomplete["latest_build"]["job"]
    body = {"workspaces": [incomplete], "count": 1}
    found = runner.run(
        answers(json_answer(200, body)), lambda c: c.workspaces.list_workspaces(), lenient=True
    )
    assert isinstance(found, WorkspacesResponse)
    first = found.workspaces[0]
    assert isinstance(first, Workspace)
    shown: Any = first  # the types promise what a complete answer holds
    assert (shown.owner_name, shown.health, shown.template_id) == (None, None, None)
    assert shown.latest_build.job is None
    assert first.name == "dev"
    written = first.to_dict()
    assert "owner_name" not in written
    assert written["template_id"] is None


def test_a_lenient_client_still_refuses_nonsense(runner: Runner) -> None:
    """A value of another type is an error for every client."""
    with pytest.raises(DecodingError, match="id: "):
        runner.run(
            answers(json_answer(200, workspace(id="no-uuid"))),
            lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID),
            lenient=True,
        )


def test_a_strict_client_names_what_is_missing(runner: Runner) -> None:
    """Without being asked to be lenient, a client does not pretend."""
    with pytest.raises(DecodingError, match="owner_name: Field required"):
        runner.run(
            answers(json_answer(200, _without("owner_name"))),
            lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID),
        )


def test_a_lenient_stream() -> None:
    """The events of a stream are read as leniently as other answers."""
    script = sse_script(event("data", _without("owner_name")))
    with (
        raw_server(script) as peer,
        Client(peer.url, "token", lenient=True) as client,
        client.workspaces.watch_workspace_by_id(WORKSPACE_ID) as stream,
    ):
        assert next(stream).name == "dev"


def test_another_server_version_gives_one_warning(runner: Runner) -> None:
    """The first answer of a server that the client was not made for says so, the second not."""
    server = answers(json_answer(200, workspace(), **{VERSION: "v2.31.4+abc"}))

    def sync(client: Any) -> Any:
        client.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)
        client.with_options(timeout=3).workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)
        return client.server_version

    async def asynchronous(client: Any) -> Any:
        await client.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)
        copy = client.with_options(timeout=3)
        await copy.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID)
        return client.server_version

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        version = runner.run(server, asynchronous if runner.is_async else sync)
    assert version == "v2.31.4+abc"
    assert [item.category for item in caught] == [ServerVersionWarning]
    text = str(caught[0].message)
    assert "v2.31.4+abc" in text
    assert "2.25" in text


@pytest.mark.parametrize("version", ["v2.25.0", "v2.25.3+f00", "v0.0.0-devel+f00", "main", None])
def test_versions_without_a_warning(runner: Runner, version: str | None) -> None:
    """The tested release, development builds and servers that do not say are fine."""
    headers = {} if version is None else {VERSION: version}
    server = answers(json_answer(200, workspace(), **headers))
    runner.run(server, lambda c: c.workspaces.get_workspace_metadata_by_id(WORKSPACE_ID))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"transport": httpx2.MockTransport(lambda _: httpx2.Response(200)), "proxy": "http://p"},
         "proxy and ssl_context"),
        ({"proxy": "proxy.example.com:3128"}, "proxy is no address"),
        ({"proxy": "http://user:secret@[bad"}, "proxy is no address"),
        ({"max_answer_bytes": 0}, "max_answer_bytes is 0"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(kind: Any, arguments: dict[str, Any], text: str) -> None:
    """What contradicts itself or cannot work is refused at once, without repeating a secret."""
    with pytest.raises(ConfigurationError, match=text) as caught:
        kind("http://localhost", **arguments)
    assert "secret" not in str(caught.value)


def test_a_proxy_is_used() -> None:
    """Requests go to the proxy, which sees the whole address."""

    def script(connection: Any, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")

    with raw_server(script) as peer:
        with Client("http://coder.invalid", "token", proxy=peer.url) as client:
            client.workspaces.post_workspace_usage_by_id(WORKSPACE_ID)
        assert peer.heads[0].startswith(b"POST http://coder.invalid/api/v2/workspaces/")


def test_a_company_authority_can_be_trusted(tls_url: str) -> None:
    """With the authority's certificate the server is accepted."""
    context = ssl.create_default_context(cafile=_CERTIFICATE)
    with Client(tls_url, "token", ssl_context=context) as client:
        client.workspaces.post_workspace_usage_by_id(WORKSPACE_ID)
