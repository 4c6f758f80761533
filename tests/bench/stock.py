"""The client that openapi-python-client generates from the same contract without our templates."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from coder_spec import Contract

from .measure import BenchError

PACKAGE: Final = "stock_client"
# What a user has to set for this contract, and no more: event streams are accepted like any JSON
# answer, and the schema Response gets another class name, because it hides the class Response of
# the generated client, whose endpoint modules then fail on import. The output is left unformatted,
# which changes nothing about its speed.
_CONFIG: Final[dict[str, Any]] = {
    "class_overrides": {
        "Response": {"class_name": "ErrorResponse", "module_name": "error_response"}
    },
    "content_type_overrides": {"text/event-stream": "application/json"},
    "post_hooks": [],
}


def generate(contract: Contract, directory: Path) -> Path:
    """Return a folder to put on the module path, which holds the package ``stock_client``.

    It is made below ``directory`` unless it is there already for this contract.
    """
    settings = json.dumps([version("openapi-python-client"), _CONFIG]).encode()
    final = directory / f"{contract.digest[:16]}-{hashlib.sha256(settings).hexdigest()[:8]}"
    if (final / PACKAGE).is_dir():
        return final
    directory.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=directory, prefix=".new-"))
    try:
        document, config = work / "openapi.json", work / "config.json"
        document.write_text(json.dumps(contract.document), encoding="utf-8")
        config.write_text(json.dumps(_CONFIG), encoding="utf-8")
        _run(document, config, work / PACKAGE)
        _replace(work, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def _run(document: Path, config: Path, output: Path) -> None:
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    command += ["--path", str(document), "--config", str(config)]
    command += ["--output-path", str(output), "--meta", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(
            "openapi-python-client did not take the contract: "
            f"{' '.join((done.stdout + done.stderr).split())[-600:]}"
        )


def _replace(work: Path, final: Path) -> None:
    try:
        work.rename(final)
    except OSError:
        # Another run was faster; what it made is the same.
        if not (final / PACKAGE).is_dir():
            raise


def module(root: Path, name: str = "") -> Any:
    """Import a module of the generated package, which ``root`` holds."""
    if str(root) not in sys.path:
        sys.path.append(str(root))
    return import_module(f"{PACKAGE}.{name}" if name else PACKAGE)


def environment(root: Path) -> dict[str, str]:
    """Return the environment of an interpreter that finds the generated package."""
    keep = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**keep, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
