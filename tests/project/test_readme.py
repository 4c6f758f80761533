"""The README is true: its code runs, its commands exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from coder_conformance.reference.pytest_plugin import RunningServer
from coder_conformance.reference.seed.default import OWNER

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_the_python_examples_run(reference_server: RunningServer) -> None:
    """Every Python example, in order, runs against a reference server and says something."""
    environment = os.environ | {
        "CODER_URL": reference_server.url,
        "CODER_SESSION_TOKEN": OWNER.token,
    }
    examples = blocks("python")
    assert len(examples) >= 6
    for example in examples:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", example],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{example}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_the_make_targets_exist() -> None:
    """Every make target that the README names is one of the Makefile's."""
    named = set(re.findall(r"(?:\$ |`)make (\w+)", README))
    assert {"conformance", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:.*## ", MAKEFILE, flags=re.MULTILINE), target


@pytest.mark.parametrize("target", ["setup", "generate", "check", "test", "conformance", "serve"])
def test_help_lists_the_targets(target: str) -> None:
    """`make` alone lists what there is."""
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^  make {target} +\S", shown, flags=re.MULTILINE)


def test_the_links_lead_somewhere() -> None:
    """Every relative link leads to a file, every anchor to a heading."""
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", README, flags=re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", README):
        if link.startswith("#"):
            assert link[1:] in headings, link
        elif "://" not in link:
            assert (ROOT / link).exists(), link
