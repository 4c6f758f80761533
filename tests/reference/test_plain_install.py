from __future__ import annotations

import subprocess
import sys

import pytest

REFUSE = """
import sys

class Refuser:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refuser())
from coder_conformance.reference.cli import main
sys.exit(main({arguments!r}))
"""


def run(blocked: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where some packages cannot be imported."""
    code = REFUSE.format(blocked=blocked, arguments=list(arguments))
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("blocked", "arguments"),
    [
        (("starlette",), ()),
        (("uvicorn",), ()),
        (("websockets",), ()),
        (("yaml",), ("--seed", "seed.yaml")),
        (("starlette", "uvicorn", "websockets", "yaml"), ()),
    ],
)
def test_a_missing_package_is_one_sentence(
    blocked: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    """Where only the client is installed, the command tells what to install and ends with 2."""
    done = run(blocked, "--port", "0", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"the package {blocked[0]} is not installed" in done.stderr
    assert "pip install 'coder-workspaces[conformance]'" in done.stderr


def test_help_needs_nothing() -> None:
    """Help and complaints about options work in a plain installation too."""
    blocked = ("starlette", "uvicorn", "websockets", "yaml", "pydantic")
    done = run(blocked, "--help")
    assert done.returncode == 0
    assert "--seed FILE" in done.stdout
    done = run(blocked, "--port", "x")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
