"""The Python client that OpenAPI Generator makes of the same contract, where it can be had."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from coder_spec import Contract

PACKAGE: Final = "openapi_generator_client"
# The Java program, as the Python package index has it; it is fetched once and never committed.
_TOOL: Final = "openapi-generator-cli==7.26.0"
_NEEDED: Final = ("urllib3", "dateutil")  # by what it generates
_LEFT_OUT: Final = "apiDocs=false,modelDocs=false,apiTests=false,modelTests=false"


class NotMeasuredError(Exception):
    """The generator cannot be had here; ``str()`` says why."""


def generate(contract: Contract, directory: Path) -> Path:
    """Return a folder to put on the module path, which holds the package.

    It is made below ``directory`` unless it is there already for this contract.

    Raises:
        NotMeasuredError: Java, the generator or a library is missing, or it refused the contract.
    """
    java = shutil.which("java")
    if java is None:
        raise NotMeasuredError("java is not on the path")
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise NotMeasuredError(f"{', '.join(missing)} is not installed")
    tool = hashlib.sha256(_TOOL.encode()).hexdigest()[:8]
    final = directory / f"{contract.digest[:16]}-{tool}"
    if (final / PACKAGE).is_dir():
        return final
    jar = _jar(directory / f"tool-{tool}")
    with tempfile.TemporaryDirectory(dir=directory, prefix=".new-") as temporary:
        work = Path(temporary)
        document = work / "openapi.json"
        document.write_text(json.dumps(contract.document), encoding="utf-8")
        command = [java, "-jar", str(jar), "generate", "--generator-name", "python"]
        command += ["--input-spec", str(document), "--output", str(work / "output")]
        command += ["--package-name", PACKAGE, "--global-property", _LEFT_OUT]
        _run(command)
        (work / "output" / PACKAGE).rename(_made(final) / PACKAGE)
    return final


def module(root: Path, name: str) -> Any:
    """Import a module of the generated package, which ``root`` holds."""
    if str(root) not in sys.path:
        sys.path.append(str(root))
    return import_module(f"{PACKAGE}.{name}")


def _jar(directory: Path) -> Path:
    if not (found := sorted(directory.rglob("*.jar"))):
        _made(directory)
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        _run([*install, "--disable-pip-version-check", "--target", str(directory), _TOOL])
        found = sorted(directory.rglob("*.jar"))
    if not found:
        raise NotMeasuredError(f"{_TOOL} brings no jar file")
    return found[0]


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = " ".join((done.stdout + done.stderr).split())[-300:]
        raise NotMeasuredError(f"{' '.join(map(str, command[:4]))} failed: {said}")
