"""The documentation is true: its code runs, its links lead somewhere, nothing public is missing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import coder_workspaces
from coder_conformance.reference.pytest_plugin import RunningServer
from coder_conformance.reference.seed.default import OWNER
from coder_workspaces import Client
from coder_workspaces.models import CreateWorkspaceRequest

_ROOT = Path(__file__).resolve().parents[2]
_DOCS = _ROOT / "docs"
_PAGES = sorted(path.relative_to(_DOCS).as_posix() for path in _DOCS.rglob("*.md"))

# Runs the blocks of a page one after the other, each as a program of its own.
_RUN = """
import json, sys
for number, block in enumerate(json.load(sys.stdin), 1):
    print(f"--- block {number}")
    exec(compile(block, f"block {number}", "exec"), {"__name__": "__main__"})
"""


def _blocks(page: str) -> list[str]:
    text = (_DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def _named(block: str) -> str:
    """The name of the file that a block is meant to be, or an empty string."""
    found = re.match(r"# (\w+\.py)\n", block)
    return found[1] if found else ""


def _environment(server: RunningServer) -> dict[str, str]:
    return os.environ | {"CODER_URL": server.url, "CODER_SESSION_TOKEN": OWNER.token}


def _forget_a_workspace(server: RunningServer) -> None:
    """Have a running workspace on the server that nobody has used since yesterday."""
    with Client(server.url, OWNER.token) as client:
        template = client.templates.list_templates()[0]
        body = CreateWorkspaceRequest(name="forgotten", template_id=template.id)
        made = client.workspaces.create_user_workspace("me", body=body)
        client.workspaces.wait_for_build(made.latest_build.id)

    def change() -> None:
        for record in server.app.state.world.store.live_workspaces():
            if record.name == "forgotten":
                record.last_used_at -= timedelta(days=1)

    server.call(change)


@pytest.mark.parametrize("page", ["index.md", "recipes.md", "testing.md"])
def test_the_code_runs(page: str, reference_server: RunningServer) -> None:
    """Every program of a page, in order, runs against a reference server and says something."""
    if page == "recipes.md":
        _forget_a_workspace(reference_server)
    programs = [block for block in _blocks(page) if not _named(block)]
    assert len(programs) >= 3
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _RUN],
        input=json.dumps(programs),
        env=_environment(reference_server),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-500:]}\n{done.stderr}"
    said = re.split(r"^--- block \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert len(said) == len(programs)
    for program, text in zip(programs, said, strict=True):
        assert "print(" not in program or text.strip(), program


def test_the_tests_of_the_documentation_pass(tmp_path: Path) -> None:
    """The files that a page shows for pytest work as they stand, without any set-up around them."""
    files = {_named(block): block for page in _PAGES for block in _blocks(page) if _named(block)}
    assert set(files) == {"conftest.py", "test_mine.py"}
    for name, block in files.items():
        (tmp_path / name).write_text(block, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_site_builds(tmp_path: Path) -> None:
    """MkDocs finds nothing to warn about, and the reference has every public class and method."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=_ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")]
    shown = {name for page in pages for name in re.findall(r'id="(coder_workspaces[\w.]*)"', page)}
    last_parts = {name.rpartition(".")[2] for name in shown}
    missing = set(coder_workspaces.__all__) - last_parts - {"CONTRACT_DIGEST", "CONTRACT_VERSION"}
    assert not missing
    for kind in ("resources.workspaces.WorkspacesResource", "resources.users.UsersResource"):
        module, _, name = kind.rpartition(".")
        resource = getattr(__import__(f"coder_workspaces.{module}", fromlist=[name]), name)
        methods = {method for method in dir(resource) if not method.startswith("_")}
        assert {f"coder_workspaces.{kind}.{method}" for method in methods} <= shown


def test_no_page_is_forgotten() -> None:
    """Every page is in the navigation."""
    navigation = (_ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in _PAGES:
        assert f": {page}\n" in navigation
