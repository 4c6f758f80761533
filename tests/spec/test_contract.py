"""The contract: what it holds, and what its reader and its lint refuse."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

import coder_spec
from coder_spec.__main__ import main
from coder_spec.lint import lint

SCOPE = {
    "createUserWorkspace",
    "createUserWorkspaceByOrganization",
    "extendWorkspaceDeadlineById",
    "favoriteWorkspaceById",
    "getWorkspaceMetadataById",
    "getWorkspaceMetadataByUserAndWorkspaceName",
    "getWorkspaceTimingsById",
    "listWorkspaces",
    "postWorkspaceUsageById",
    "resolveWorkspaceAutostartById",
    "unfavoriteWorkspaceById",
    "updateWorkspaceAcl",
    "updateWorkspaceAutomaticUpdatesById",
    "updateWorkspaceAutostartScheduleById",
    "updateWorkspaceDormancyStatusById",
    "updateWorkspaceMetadataById",
    "updateWorkspaceTtlById",
    "watchWorkspaceById",
    "watchWorkspaceByIdViaWebsockets",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the contract to spoil."""
    target = tmp_path / "spec"
    shutil.copytree(coder_spec.default_root(), target)
    return target


def edit(root: Path, file: str, was: str, becomes: str) -> None:
    """Replace the first occurrence of a text in a file of a contract."""
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert was in text
    path.write_text(text.replace(was, becomes, 1), encoding="utf-8")


def test_the_scope_is_the_workspaces_api() -> None:
    """The conformance scope is the 19 operations, no more and no fewer."""
    operations = coder_spec.load().operations
    assert {operation.id for operation in operations if operation.in_scope} == SCOPE
    assert {o.id for o in operations if o.stream} == {
        "watchWorkspaceById",
        "watchWorkspaceByIdViaWebsockets",
    }


def test_the_contract_is_good() -> None:
    """The lint finds nothing."""
    assert lint(coder_spec.load()) == []


def test_enums_are_open_in_answers_and_closed_in_requests() -> None:
    """A schema that only requests use has `enum`; one that answers use has `x-extensible-enum`."""
    document = coder_spec.load().document
    schemas = document["components"]["schemas"]
    assert "x-extensible-enum" in schemas["WorkspaceStatus"]
    assert "enum" not in schemas["WorkspaceStatus"]
    assert schemas["UsageAppName"]["enum"]
    request = schemas["UpdateWorkspaceAutomaticUpdatesRequest"]["properties"]["automatic_updates"]
    assert request["enum"] == ["always", "never"]
    closed = coder_spec.load().closed()["components"]["schemas"]
    assert closed["WorkspaceStatus"]["enum"] == schemas["WorkspaceStatus"]["x-extensible-enum"]


def test_the_digest_changes_with_the_contract(copy: Path) -> None:
    """Equal contracts have equal digests, and a changed word changes it."""
    before = coder_spec.load(copy).digest
    assert before == coder_spec.load().digest
    edit(copy, "paths/server.yaml", "Get what the server is", "Tell what the server is")
    again = copy.with_name("again")
    shutil.copytree(copy, again)
    assert coder_spec.load(again).digest != before


@pytest.mark.parametrize(
    ("file", "was", "becomes", "says"),
    [
        ("openapi.yaml", "paths:\n", "paths: [\n", "not valid YAML"),
        ("openapi.yaml", "paths/users.yaml#/users", "paths/nowhere.yaml#/users", "does not exist"),
        ("paths/users.yaml", "user.yaml#/User'", "user.yaml#/Usr'", "where nothing stands"),
        ("paths/users.yaml", "operationId: getUser", "operationId: createUser", "also that of"),
        ("paths/users.yaml", "    operationId: getUser\n", "", "has no operationId"),
        ("paths/users.yaml", "    tags: [users]\n", "", "0 tags"),
        ("paths/workspace-activity.yaml", "transport: sse", "transport: morse", "'morse'"),
        ("paths/users.yaml", "../components/parameters.yaml#/User", "../../x.yaml#/User", "leaves"),
        ("components/schemas/user.yaml", "\nUserStatus:", "\nUser:", "stands there twice"),
    ],
)
def test_bad_contracts_end_in_one_sentence(
    copy: Path, capsys: pytest.CaptureFixture[str], file: str, was: str, becomes: str, says: str
) -> None:
    """The file, the place, the problem and a remedy, and exit status 2."""
    edit(copy, file, was, becomes)
    assert main(["--spec", str(copy)]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert ".yaml" in said
    assert said.count("\n") == 1
    assert ";" in said


def test_a_missing_contract_ends_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing there is an error like any other."""
    assert main(["--spec", str(tmp_path)]) == 2
    assert "openapi.yaml: the file does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "was", "becomes", "says"),
    [
        ("paths/users.yaml", "    summary: Get a user.\n", "", "getUser: it has no summary"),
        ("paths/users.yaml", "tags: [users]", "tags: [people]", "'people' is not declared"),
        ("components/parameters.yaml", "  example: me\n", "", "'user' has no example"),
        ("components/parameters.yaml", "  example: me\n", "  example: m e\n", "breaks its schema"),
        (
            "paths/workspace-settings.yaml",
            "value: {ttl_ms: 28800000}",
            "value: {ttl_ms: 5}",
            "breaks its schema in the example 'eight-hours'",
        ),
        (
            "components/schemas/server.yaml",
            "BuildInfoResponse:",
            "Left: {description: Over., type: string}\n\nBuildInfoResponse:",
            "components/schemas/server.yaml#/Left: nothing refers to this",
        ),
        ("openapi.yaml", "openapi: 3.1.0", "openapi: '4'", "not valid OpenAPI 3.1"),
    ],
)
def test_the_lint_finds_broken_rules(
    copy: Path, capsys: pytest.CaptureFixture[str], file: str, was: str, becomes: str, says: str
) -> None:
    """Each broken rule is a sentence, and the exit status is 1."""
    edit(copy, file, was, becomes)
    assert main(["--spec", str(copy)]) == 1
    assert says in capsys.readouterr().err


def test_an_operation_needs_its_errors(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An operation with a token documents 401, and every one documents another error."""
    path = copy / "paths" / "users.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    responses = content["user"]["get"]["responses"]
    for status in [status for status in responses if status >= "400"]:
        del responses[status]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert main(["--spec", str(copy)]) == 1
    said = capsys.readouterr().err
    assert "getUser: it needs a token but documents no 401" in said
    assert "getUser: it documents no error besides 401" in said
