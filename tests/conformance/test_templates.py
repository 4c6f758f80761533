"""Which template a run makes its workspaces from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from coder_conformance.reference import Settings, create_app
from coder_conformance.reference.pytest_plugin import start_server
from coder_conformance.reference.seed.file import read_seed_file
from coder_conformance.results import CannotJudgeError
from coder_conformance.templates import fit

TOKEN = "firstowner-abcdefghijklmnopqrstuv"
Judge = Callable[..., tuple[int, str]]


@pytest.fixture
def judge(tmp_path: Path) -> Generator[Judge]:
    """Runs a little of the suite on a server with some templates; exit status and what was said."""
    running: list[Generator[Any]] = []

    def run(templates: list[dict[str, Any]], *arguments: str) -> tuple[int, str]:
        content = {
            "organizations": [{"name": "acme"}],
            "users": [{"username": "boss", "roles": ["owner"], "token": TOKEN}],
            "templates": [{**template, "versions": [{"name": "v1"}]} for template in templates],
        }
        # JSON is YAML.
        (tmp_path / "seed.yaml").write_text(json.dumps(content), encoding="utf-8")
        seed = read_seed_file(tmp_path / "seed.yaml")
        running.append(start_server(create_app(Settings(build_seconds=0.05), seed=seed)))
        server = next(running[-1])
        command = [sys.executable, "-m", "coder_conformance", "run", f"--url={server.url}"]
        command += ["--role=server", "--only=ttl/reads-back", "--only=autostart/reads-back"]
        done = subprocess.run(
            [*command, "--no-create-user", f"--reports={tmp_path}", *arguments],
            env={**os.environ, "CODER_SESSION_TOKEN": TOKEN, "CODER_OTHER_TOKEN": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
            check=False,
        )
        return done.returncode, done.stdout

    yield run
    for server in running:
        server.close()


NO_SCHEDULES = {"name": "aaa", "allow_user_autostart": False}
NO_STOP = {"name": "bbb", "allow_user_autostop": False}
DEPRECATED = {"name": "ccc", "deprecation_message": "Use another one."}
GOOD = {"name": "zzz", "require_active_version": True, "default_ttl_ms": 7_200_000}


def test_templates_that_forbid_settings_are_passed_over(judge: Judge) -> None:
    """A right server is not blamed for what a template does not allow."""
    status, said = judge([NO_SCHEDULES, NO_STOP, DEPRECATED, GOOD])
    assert status == 0, said
    assert "from the template zzz" in said


@pytest.mark.parametrize(
    ("templates", "arguments", "says"),
    [
        (
            [NO_SCHEDULES, NO_STOP],
            (),
            (
                "the template 'aaa' lets users set no schedules; the template 'bbb' lets users set "
                "no time to stop; import another one, or name one with --template"
            ),
        ),
        (
            [NO_STOP, GOOD],
            ("--template=bbb",),
            (
                "the template 'bbb' lets users set no time to stop; import another one, or name "
                "one with --template"
            ),
        ),
        ([GOOD], ("--template=yyy",), "the template 'yyy' is not there"),
        ([DEPRECATED], (), "the user sees no template"),
    ],
    ids=["all-forbid", "named-one-forbids", "named-one-is-missing", "none"],
)
def test_without_a_template_that_fits_nothing_is_judged(
    judge: Judge, templates: list[dict[str, Any]], arguments: tuple[str, ...], says: str
) -> None:
    """The sentence says which templates there are and why they cannot be used."""
    status, said = judge(templates, *arguments)
    assert status == 3, said
    assert f"INCONCLUSIVE ({says}" in said
    assert "0 passed, 0 failed" in said


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"autostart_requirement": {"days_of_week": ["monday"]}}, "on some days only"),
        ({"autostop_requirement": {"days_of_week": ["saturday"], "weeks": 1}}, "the last word"),
        ({"organization_id": "elsewhere"}, "that the user is no member of"),
    ],
    ids=["some-days", "calendar", "elsewhere"],
)
def test_templates_whose_workspaces_would_be_judged_wrongly(
    fields: dict[str, Any], why: str
) -> None:
    """They are passed over for one that fits, and named where there is none."""
    whole_week = {"days_of_week": ["monday"] * 7}
    plain: dict[str, Any] = {"autostop_requirement": {"days_of_week": [], "weeks": 1}}
    good = {**plain, "name": "good", "organization_id": "home", "autostart_requirement": whole_week}
    odd, user = {**good, "name": "odd", **fields}, {"organization_ids": ["home"]}
    assert fit([odd, good], user) == good
    with pytest.raises(CannotJudgeError, match=f"'odd' .*{why}"):
        fit([odd], user)
