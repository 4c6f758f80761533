"""Runs the matrix: ``python -m tests.matrix``, which is ``make test-matrix``.

For every interpreter that is found, and for the oldest and the newest versions of httpx2 and
pydantic that the package allows, the wheel is installed into an environment of its own. Everything
in it is imported with nothing else around, and then the tests of the client run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_WORK: Final = _ROOT / "build" / "matrix"
_SUPPORTED: Final = ("3.11", "3.12", "3.13", "3.14")
_RESOLUTIONS: Final = {"oldest": "lowest-direct", "newest": "highest"}
# What the tests of the client import besides the package; the newest of each.
_TOOLS: Final = ("hypothesis", "jsonschema-rs", "packaging", "pytest", "pyyaml", "websockets")
_ALONE: Final = """
import importlib, pkgutil, warnings
warnings.simplefilter("error")
import coder_workspaces
from coder_workspaces import models
for package in (coder_workspaces, models):
    for name in package.__all__:
        getattr(package, name)
for module in pkgutil.walk_packages(coder_workspaces.__path__, "coder_workspaces."):
    importlib.import_module(module.name)
assert coder_workspaces.Client("http://localhost").workspaces
"""


class StepFailedError(Exception):
    """A command of the matrix failed; the message has its output."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix; return 0 when every part of it passed, 1 when one failed, 2 without tools."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("pytest_arguments", nargs="*", help="handed to pytest, after --")
    options = parser.parse_args(arguments)
    uv = _uv()
    if uv is None:
        print("uv is needed to make the environments; see https://docs.astral.sh/uv.")
        return 2
    interpreters = dict(_interpreters())
    missing = [version for version in _SUPPORTED if version not in interpreters]
    if missing:
        print(f"Not on this machine: Python {', '.join(missing)}.")
    try:
        wheel = _wheel()
    except StepFailedError as error:
        print(error)
        return 1
    failures = 0
    for version, interpreter in interpreters.items():
        for name, resolution in _RESOLUTIONS.items():
            try:
                said = _one(uv, interpreter, wheel, f"{version}-{name}", resolution, options)
                print(f"{version} {name:7} passed: {said}")
            except StepFailedError as error:
                failures += 1
                print(f"{version} {name:7} FAILED\n{error}")
    return 1 if failures else 0


def _uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def _interpreters() -> Iterator[tuple[str, str]]:
    """Yield version and path of each interpreter, from the path and from pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in _SUPPORTED:
        if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
            yield version, sys.executable
            continue
        installed = sorted(pyenv.glob(f"{version}.*/bin/python3"))
        candidates = [*map(str, installed), shutil.which(f"python{version}")]
        for candidate in filter(None, candidates):
            # A shim of pyenv is on the path, and fails, for versions that are not selected.
            code = "import sys; print('%d.%d' % sys.version_info[:2])"
            done = subprocess.run(
                [candidate, "-c", code], capture_output=True, text=True, check=False
            )
            if done.returncode == 0 and done.stdout.strip() == version:
                yield version, candidate
                break


def _wheel() -> Path:
    """Build the wheel and return it."""
    output = _WORK / "wheel"
    shutil.rmtree(output, ignore_errors=True)
    _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(output), "."])
    return next(output.glob("*.whl"))


def _dependencies() -> list[str]:
    """Return what the package needs without its extras."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    dependencies: list[str] = project["dependencies"]
    return dependencies


def _one(
    uv: str,
    interpreter: str,
    wheel: Path,
    name: str,
    resolution: str,
    options: argparse.Namespace,
) -> str:
    """Run one cell of the matrix and return the last line that pytest says, and the versions."""
    environment = _WORK / name
    _run([uv, "venv", "--quiet", "--clear", "--python", interpreter, str(environment)])
    python = str(environment / "bin" / "python")
    install = [uv, "pip", "install", "--quiet", "--python", python]
    # Named beside the wheel, since the oldest versions are taken of what is asked for directly.
    _run([*install, "--resolution", resolution, str(wheel), *_dependencies()])
    _run([python, "-I", "-c", _ALONE])
    versions = _run([uv, "pip", "freeze", "--quiet", "--python", python]).splitlines()
    libraries = [line for line in versions if line.startswith(("httpx2==", "pydantic=="))]
    _run([*install, *_TOOLS, *libraries])
    said = _run(
        [
            *(python, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider"),
            *("tests/client", *options.pytest_arguments),
        ]
    )
    return f"{said.strip().splitlines()[-1]} with {', '.join(libraries)}"


def _run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StepFailedError(f"{' '.join(command[:6])} …\n{(done.stdout + done.stderr)[-6000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
