"""The package as a whole: light to import, complete, typed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import coder_workspaces
from coder_spec import load
from coder_workspaces import AsyncClient, Client

_PACKAGE = Path(coder_workspaces.__file__).parent


def _modules_after(code: str) -> set[str]:
    """Return the modules that are loaded in a new interpreter after some code."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json; print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(run.stdout))


def test_importing_a_client_loads_no_models() -> None:
    """Programs that only configure a client pay neither for pydantic nor for any model."""
    loaded = _modules_after("from coder_workspaces import Client, AsyncClient, NotFoundError")
    assert "pydantic" not in loaded
    assert not {name for name in loaded if name.startswith("coder_workspaces.models")}
    assert not {name for name in loaded if name.startswith("coder_workspaces.resources.")}
    assert "wsproto" not in loaded


def test_a_call_loads_what_it_needs() -> None:
    """A resource and a model are loaded when they are first used, and no other."""
    loaded = _modules_after(
        "from coder_workspaces import Client\n"
        "client = Client('http://localhost')\n"
        "client.users\n"
        "from coder_workspaces.models import MinimalUser"
    )
    resources = {name for name in loaded if name.startswith("coder_workspaces.resources.")}
    models = {name for name in loaded if name.startswith("coder_workspaces.models.")}
    assert resources == {"coder_workspaces.resources.users"}
    assert models == {"coder_workspaces.models.minimal_user"}


def test_every_export_exists() -> None:
    """All names that the packages promise can be imported, and unknown ones cannot."""
    for package in (coder_workspaces, __import__("coder_workspaces.models").models):
        assert package.__all__ == sorted(package.__all__, key=str)
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert set(package.__all__) <= set(dir(package))
        with pytest.raises(AttributeError, match="no_such_name"):
            _ = package.no_such_name


def test_every_operation_is_a_method() -> None:
    """Each operation of the contract is a method of its resource, on both clients."""
    blocking = Client("http://localhost")
    asynchronous = AsyncClient("http://localhost")
    for operation in load().operations:
        name = "".join(f"_{char.lower()}" if char.isupper() else char for char in operation.id)
        for client in (blocking, asynchronous):
            method = getattr(getattr(client, operation.tag), name)
            assert operation.raw["summary"].split()[0] in method.__doc__
    blocking.close()


def test_every_operation_has_its_functions() -> None:
    """Each module has sync and asyncio, and the detailed variants unless it is a stream."""
    for operation in load().operations:
        name = "".join(f"_{char.lower()}" if char.isupper() else char for char in operation.id)
        module = import_module(f"coder_workspaces.api.{operation.tag}.{name}")
        expected = {"sync", "asyncio"}
        if operation.stream is None:
            expected |= {"sync_detailed", "asyncio_detailed"}
        assert {function for function in vars(module) if not function.startswith("_")} >= expected


def test_the_package_is_marked_as_typed() -> None:
    """Type checkers of users look at the annotations."""
    assert (_PACKAGE / "py.typed").exists()


def test_it_needs_two_libraries_only() -> None:
    """Nothing but the standard library, httpx2 with what it brings, and pydantic is imported."""
    brought = {Requirement(text).name for text in requires("httpx2") or []}
    allowed = {"httpx2", "pydantic", "coder_workspaces", "anyio", "wsproto", "httpcore2"}
    allowed.add("pydantic_core")  # the engine that pydantic brings, in exactly its own version
    assert {"anyio", "wsproto", "httpcore2"} <= brought
    imported: set[str] = set()
    for path in _PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module.split(".")[0])
    assert imported - set(sys.stdlib_module_names) <= allowed
