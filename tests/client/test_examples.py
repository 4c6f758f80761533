"""The examples in the docstrings are calls that work."""

from __future__ import annotations

import inspect
import re
import textwrap
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

import coder_workspaces.models
from coder_spec import Operation, load
from coder_workspaces import APIError

from .support import Recorder, Runner, answers

_CONTRACT = load()
_NAMES: dict[str, Any] = {
    **{name: getattr(coder_workspaces.models, name) for name in coder_workspaces.models.__all__},
    "UUID": UUID,
    "datetime": datetime,
}


def _snake_case(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _example(method: Any) -> str:
    """The code of a docstring's example."""
    found = re.findall(
        r"^ *(?:>>>|\.\.\.) ?(.*)$", inspect.getdoc(method) or "", flags=re.MULTILINE
    )
    return "\n".join(found)


@pytest.mark.parametrize("operation", _CONTRACT.operations, ids=lambda operation: operation.id)
def test_every_operation_has_one(runner: Runner, operation: Operation) -> None:
    """An example is a request that the contract has, with a body where it needs one."""
    server: Recorder = answers(httpx2.Response(418))

    def sync(client: Any) -> None:
        exec(_code(client), {**_NAMES, "client": client})  # noqa: S102 - the project\'s own code

    async def asynchronous(client: Any) -> None:
        namespace: dict[str, Any] = {**_NAMES, "client": client}
        exec(f"async def run():\n{textwrap.indent(_code(client), '    ')}", namespace)  # noqa: S102 - the project\'s own code
        await namespace["run"]()

    def _code(client: Any) -> str:
        return _example(getattr(getattr(client, operation.tag), _snake_case(operation.id)))

    with pytest.raises(APIError) as caught:
        runner.run(server, asynchronous if runner.is_async else sync)
    assert caught.value.operation == operation.id
    assert server.request.method == operation.method
    template = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(f"/api/v2{operation.path}"))
    assert re.fullmatch(template, server.request.url.path)
    assert bool(server.request.content) is ("requestBody" in operation.raw)


def test_the_conveniences_have_examples_too(runner: Runner) -> None:
    """Each public method of a resource shows how it is called, or refers to one that does."""

    def methods(client: Any) -> list[str]:
        resource = client.workspaces
        return [
            name
            for name in dir(resource)
            if not name.startswith("_")
            and not _example(getattr(resource, name))
            and "as for ``" not in (inspect.getdoc(getattr(resource, name)) or "")
        ]

    assert runner.run(answers(), methods) == []
