"""The parts that verdicts are made of, each alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import coder_spec
from coder_conformance import catalogue, clock, formats
from coder_conformance.client import python_name
from coder_conformance.consistency import workspace as contradictions
from coder_conformance.context import Context, is_known
from coder_conformance.exchange import Exchange, redact
from coder_conformance.judge import Judge
from coder_conformance.plugin import root_of
from coder_conformance.requests import RequestJudge
from coder_conformance.results import CannotJudgeError, Outcome, Result, Run, Verdict
from coder_conformance.settings import Settings, SettingsError, check_url
from coder_conformance.wire import Wire
from coder_conformance.world import World

TOKEN = "abcdefghij-0123456789abcdefABCDEF"
BASE = "http://127.0.0.1:1/api/v2"
ID = "7b6c2a1e-5d0f-4c7a-9a3e-1f2d3c4b5a69"
COMMON = {"x-coder-request-id": ID, "x-coder-build-version": "v2.25.0"}
JSON = {**COMMON, "content-type": "application/json; charset=utf-8"}


def exchange(
    method: str,
    path: str,
    status: int,
    headers: dict[str, str],
    body: bytes = b"",
    sent: bytes | None = None,
) -> Exchange:
    """A request and an answer."""
    request_headers = {"coder-session-token": TOKEN, "content-type": "application/json"}
    return Exchange(method, f"{BASE}{path}", request_headers, sent, status, headers, body)


def test_passwords_are_redacted() -> None:
    """A command line that signs in does not say with what."""
    body = b'{"email": "a@b.example", "password":"correct-horse", "password": "battery"}'
    shown = exchange("POST", "/users/login", 401, JSON, b"{}", body).curl()
    assert "a@b.example" in shown
    assert "horse" not in shown
    assert "battery" not in shown


@pytest.mark.parametrize(
    "shown",
    [
        f"Coder-Session-Token: {TOKEN}",
        f"http://x/?coder_session_token={TOKEN}&q=1",
        "http://x/?access_token=not-of-the-usual-form&q=1",
        f'{{"session_token": "{TOKEN}"}}',
    ],
)
def test_tokens_are_redacted(shown: str) -> None:
    """No token stays in a text, whatever form it has there."""
    hidden = redact(shown)
    assert TOKEN not in hidden
    assert "not-of-the-usual-form" not in hidden
    assert "$CODER_SESSION_TOKEN" in hidden


def test_a_curl_line_has_everything_but_the_token() -> None:
    """Method, address, body and content type are there to be run again."""
    line = exchange("PUT", f"/workspaces/{ID}/ttl", 204, {}, sent=b'{"ttl_ms": 60000}').curl()
    assert TOKEN not in line
    assert line.startswith("curl -i -X PUT")
    assert '"coder-session-token: $CODER_SESSION_TOKEN"' in line
    assert "'{\"ttl_ms\": 60000}'" in line
    assert line.endswith(f"/workspaces/{ID}/ttl")


@pytest.mark.parametrize(
    ("status", "headers", "body", "aspect"),
    [
        (299, JSON, b"{}", "documented-status"),
        (200, {**JSON, "content-type": "text/html"}, b"{}", "content-type"),
        (200, JSON, b"{", "response-schema"),
        (200, JSON, b'{"parameter_mismatch": 1}', "response-schema"),
        (200, {"content-type": "application/json"}, b'{"parameter_mismatch": true}', "headers"),
        (200, {**JSON, "x-coder-request-id": "1"}, b'{"parameter_mismatch": true}', "headers"),
        (401, JSON, b'{"message": "no"}', "headers"),
    ],
)
def test_the_judge_finds(status: int, headers: dict[str, str], body: bytes, aspect: str) -> None:
    """Each aspect of an answer is judged, and judged as itself."""
    judge = Judge(coder_spec.load(), closed=True)
    operation = judge.contract.operation("resolveWorkspaceAutostartById")
    seen = exchange("GET", f"/workspaces/{ID}/resolve-autostart", status, headers, body)
    assert {finding.aspect for finding in judge.findings(operation, seen)} == {aspect}


def test_the_judge_is_content_with_what_is_right() -> None:
    """A right answer has no findings, with and without a body."""
    judge = Judge(coder_spec.load(), closed=True)
    resolve = judge.contract.operation("resolveWorkspaceAutostartById")
    seen = exchange("GET", "/x", 200, JSON, b'{"parameter_mismatch": false, "new": 1}')
    assert judge.findings(resolve, seen) == []
    ttl = judge.contract.operation("updateWorkspaceTtlById")
    assert judge.findings(ttl, exchange("PUT", "/x", 204, COMMON)) == []
    found = judge.findings(ttl, exchange("PUT", "/x", 204, JSON, b"{}"))
    assert [finding.aspect for finding in found] == ["content-type"]


def test_enums_are_closed_for_known_servers_only() -> None:
    """A newer server may answer with values that the contract does not list."""
    assert is_known("v2.25.0+1a2b3c4")
    assert not is_known("v2.99.0")
    assert not is_known("unknown")
    assert not is_known("v0.0.0-devel+1a2b3c4")
    schema = {"$ref": "#/components/schemas/WorkspaceStatus"}
    assert Judge(coder_spec.load(), closed=True).schema_errors(schema, "sleeping")
    assert not Judge(coder_spec.load(), closed=False).schema_errors(schema, "sleeping")


@pytest.mark.parametrize(
    ("path", "sent", "says"),
    [
        (f"/workspaces/{ID}/ttl", b'{"ttl_ms": 60000}', None),
        (f"/workspaces/{ID}/ttl", b'{"ttl_ms": null}', None),
        (f"/workspaces/{ID}/ttl?x=1", b"{}", "x is not documented"),
        ("/workspaces/x/ttl", b"{}", "workspace = 'x'"),
        (f"/workspaces/{ID}/ttl", b'{"ttl_ms": 5}', "the body"),
        (f"/workspaces/{ID}/ttl", b"{", "not JSON"),
        (f"/workspaces/{ID}/ttl", None, "no body"),
        (f"/workspaces/{ID}/tt", b"{}", "not of the form"),
    ],
)
def test_the_request_judge_finds(path: str, sent: bytes | None, says: str | None) -> None:
    """Path, query and body of a request are judged by the contract."""
    judge = RequestJudge(coder_spec.load())
    operation = judge.contract.operation("updateWorkspaceTtlById")
    seen = exchange("PUT", path, 204, {}, sent=sent)
    found = judge.violations(operation, "PUT", seen.url, seen.request_headers, seen.request_body)
    if says is None:
        assert found == []
    else:
        assert len(found) == 1
        assert says in found[0]


def test_the_catalogue_covers_every_operation_in_both_roles() -> None:
    """Each of the 19 has requirements of its own, and every id is well-formed."""
    requirements = catalogue.load().values()
    for operation in coder_spec.load().operations:
        if operation.in_scope:
            own = [r for r in requirements if r.operations == (operation.id,)]
            assert own, operation.id
            assert any(r.role == "client" and operation.id in r.operations for r in requirements)
    for requirement in requirements:
        assert re.fullmatch(r"[a-z-]+/[a-z0-9-]+", requirement.id)
        assert requirement.text.endswith(".")


def test_the_catalogue_is_traceable() -> None:
    """Every entry has a test or says why not, every test an entry."""
    done = subprocess.run(
        [sys.executable, "-m", "coder_conformance.trace"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The catalogue is traceable" in done.stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("known.pop('ttl/limits')", "the suite cannot be collected"),
        (
            "known['ttl/invented'] = replace(known['ttl/limits'], id='ttl/invented')",
            "ttl/invented has no test and does not say why",
        ),
        (
            "known['ttl/limits'] = replace(known['ttl/limits'], untestable='because')",
            "ttl/limits is called untestable but has a test",
        ),
    ],
)
def test_gaps_in_the_catalogue_are_found(change: str, says: str) -> None:
    """A test without an entry, an entry without a test, and a wrong excuse are each named."""
    program = (
        "from dataclasses import replace\n"
        "from coder_conformance import catalogue, trace\n"
        f"known = dict(catalogue.load())\n{change}\n"
        "catalogue.load = lambda: known\n"
        "raise SystemExit('; '.join(trace.problems(trace.collected())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert says in done.stderr


def test_a_list_of_requirements_that_is_out_of_date_is_found(tmp_path: Path) -> None:
    """The check fails until the page is written anew; then it has every requirement and reason."""
    page = tmp_path / "requirements.md"
    page.write_text("# Requirements\n", encoding="utf-8")
    program = (
        "import sys\nfrom pathlib import Path\nfrom coder_conformance import trace\n"
        "trace.PAGE = Path(sys.argv[1])\nraise SystemExit(trace.main(sys.argv[2:]))\n"
    )

    def check(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, str(page), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    before = check()
    assert before.returncode == 1
    assert "requirements.md is out of date; run python -m" in before.stderr
    assert check("--write").returncode == 0
    assert check().returncode == 0
    content = page.read_text(encoding="utf-8")
    for requirement in catalogue.load().values():
        assert f"| `{requirement.id}`<br>" in content
    assert "none: prebuilt workspaces need a licence |" in content
    assert "| `test_watching::test_deletion` |" in content


def test_operations_have_one_name() -> None:
    """The Python name is the operationId in snake case."""
    names = {o.id: python_name(o.id) for o in coder_spec.load().operations}
    assert names["extendWorkspaceDeadlineById"] == "extend_workspace_deadline_by_id"
    assert names["watchWorkspaceByIdViaWebsockets"] == "watch_workspace_by_id_via_websockets"


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("30 9 * * *", "2026-11-24T09:30:00+00:00"),
        ("0 8 * * *", "2026-11-25T08:00:00+00:00"),
        ("CRON_TZ=Asia/Tokyo 30 9 * * 1-5", "2026-11-25T00:30:00+00:00"),
        ("*/20 * * * sun", "2026-11-29T00:00:00+00:00"),
    ],
)
def test_next_start(schedule: str, expected: str) -> None:
    """The suite's own reading of a schedule, on a Tuesday at eight."""
    now = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert formats.next_start(schedule, now).isoformat() == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://coder.example.com", "https://coder.example.com"),
        ("https://coder.example.com/api/v2/", "https://coder.example.com"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
    ],
)
def test_addresses(url: str, expected: str) -> None:
    """An address is accepted with and without the API's path."""
    assert check_url(url) == expected


@pytest.mark.parametrize(
    "url", ["", "coder.example.com", "ftp://x", "http://", "http://u:p@x", "http://x:y"]
)
def test_bad_addresses(url: str) -> None:
    """Anything else is refused with a sentence."""
    with pytest.raises(SettingsError, match="is not the address of a server; give one such as"):
        check_url(url)


def test_nothing_judged_is_not_conformant() -> None:
    """An empty run and an interrupted one give no green verdict."""
    run = Run("none", "", 1, "")
    verdicts = [run.verdict]
    requirement = next(iter(catalogue.load().values()))
    run.results.append(Result(requirement, requirement.operations[0], Outcome.PASSED))
    verdicts.append(run.verdict)
    run.trouble = "the run was interrupted"
    verdicts.append(run.verdict)
    assert verdicts == [Verdict.INCONCLUSIVE, Verdict.CONFORMANT, Verdict.INCONCLUSIVE]
    assert run.sentence().startswith("INCONCLUSIVE (the run was interrupted)")


def test_contradictions_are_found(reference_url: str, reference_owner_token: str) -> None:
    """Fields that disagree with each other are named; a right workspace has none."""
    body = _some_workspace(reference_url, reference_owner_token)
    assert list(contradictions(body)) == []
    changes: list[tuple[list[str], Any, str]] = [
        (["outdated"], True, "outdated"),
        (["health", "healthy"], False, "health.healthy"),
        (["latest_build", "workspace_id"], ID, "workspace_id"),
        (["latest_build", "status"], "stopped", "status"),
        (["latest_build", "job", "completed_at"], None, "completed_at"),
        (["updated_at"], "2030-01-01T00:00:00Z", "updated_at"),
    ]
    for place, value, named in changes:
        wrong = json.loads(json.dumps(body))
        holder = wrong
        for name in place[:-1]:
            holder = holder[name]
        if value is None:
            del holder[place[-1]]
        else:
            holder[place[-1]] = value
        assert any(named in sentence for sentence in contradictions(wrong)), place


def _some_workspace(url: str, token: str) -> Any:
    wire = Wire(url, token, 10)
    try:
        world = World(wire, coder_spec.load(), Settings())
        world.discover()
        workspace = world.create()
        assert world.cleanup() == []
        return workspace
    finally:
        wire.close()


def test_both_users_take_names_from_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh name of one user is none that the other one's workspace was given on purpose."""
    contract, settings = coder_spec.load(), Settings()
    monkeypatch.setattr(World, "discover", lambda _: "v2.25.0")
    wire = Wire("http://127.0.0.1:9", TOKEN, 10)
    world = World(wire, contract, settings)
    context = Context(settings, contract, {}, Run("none", "", 1, ""), member=wire, world=world)
    names = [w.name() for w in (world, context.theirs(), world, context.theirs())]
    wire.close()
    assert names == [f"{world.prefix}{n}" for n in (1, 2, 3, 4)]


def test_a_wrapped_error_is_named_itself() -> None:
    """What hypothesis wraps because it came and went is what a report tells; two stay a group."""
    error = CannotJudgeError("no workspace could be created")
    assert root_of(ExceptionGroup("flaky", [ExceptionGroup("again", [error])])) is error
    both = ExceptionGroup("two", [error, ValueError()])
    assert root_of(both) is both


@pytest.mark.parametrize(
    ("date", "says"),
    [
        ("Tue, 24 Nov 2026 12:00:40 GMT", "the server's is 40 s ahead of this machine's"),
        ("Tue, 24 Nov 2026 11:58:00 GMT", "the server's is 120 s behind this machine's"),
        ("Tue, 24 Nov 2026 12:00:14 GMT", ""),
        ("now", ""),
        (None, ""),
    ],
)
def test_clocks_that_are_far_apart(date: str | None, says: str) -> None:
    """They are told before a run, by the header Date."""
    answer = exchange("GET", "/users/me", 200, {} if date is None else {"date": date})
    said = clock.warning(clock.ahead(answer, datetime(2026, 11, 24, 12, tzinfo=UTC)))
    assert said.startswith(says)
    assert bool(said) == bool(says)


def test_times_are_judged_by_the_servers_clock() -> None:
    """What a run takes for the present instant is the server's, however far it is off."""
    contract = coder_spec.load()
    world = World(Wire("http://127.0.0.1:9", "", 1), contract, Settings())
    assert abs(world.now() - datetime.now(UTC)) < timedelta(seconds=5)
    world.ahead = timedelta(minutes=-4)
    assert abs(world.now() - datetime.now(UTC) - world.ahead) < timedelta(seconds=5)
