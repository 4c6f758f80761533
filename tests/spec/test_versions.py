"""Server versions: how they are read, and what is left out for which."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import coder_spec
from coder_conformance import catalogue
from coder_spec import ContractError, Span
from coder_spec.versions import parse


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("v2.24.1+abc1234", (2, 24, 1)),
        ("v2.30.0-devel+abc1234", (2, 30, 0)),
        ("2.25.0", (2, 25, 0)),
        ("v2.25.0-reference", (2, 25, 0)),
        ("v2.25", None),
        ("latest", None),
        ("", None),
        ("v2.25.0x", None),
        ("v1" * 50, None),
    ],
)
def test_versions_are_read(text: str, numbers: tuple[int, int, int] | None) -> None:
    """Three numbers, with or without a v and what follows; anything else is no version."""
    assert parse(text) == numbers


@pytest.mark.parametrize(
    ("span", "version", "says"),
    [
        (Span("v2.25.0"), "v2.24.9", "about servers from v2.25.0 on"),
        (Span("v2.25.0"), "v2.25.0-devel+1", ""),
        (Span("v2.9.0"), "v2.10.0", ""),
        (Span(until="v2.26.0"), "v2.26.0", "about servers before v2.26.0"),
        (Span(until="v2.26.0"), "v2.25.9+x", ""),
        (Span("v2.25.0", "v2.26.0"), "unknown", ""),
        (Span(), "v1.0.0", ""),
    ],
)
def test_spans_exclude_other_versions(span: Span, version: str, says: str) -> None:
    """From the first version on, before the last; whoever tells no version is told nothing."""
    assert span.excludes(version) == says


def test_spans_are_said_and_joined() -> None:
    """A requirement is about what it and its operation have in common."""
    both = Span("v2.9.0", "v2.30.0").within(Span("v2.25.0"))
    assert both == Span("v2.25.0", "v2.30.0")
    assert str(both) == "from v2.25.0 on, before v2.30.0"
    assert str(Span()) == ""


@pytest.mark.parametrize(
    ("added", "says"),
    [
        ("since: newest", "since and until are versions such as"),
        ("until: 2.26", "since and until are versions such as"),
        ("since: v2.26.0\n    until: v2.26.0", "until is a later version than since"),
    ],
)
def test_wrong_versions_in_the_catalogue_are_refused(tmp_path: Path, added: str, says: str) -> None:
    """The sentence names the file and the entry."""
    shutil.copytree(coder_spec.default_root(), tmp_path, dirs_exist_ok=True)
    file = tmp_path / "requirements" / "ttl.yaml"
    entry = "  - id: ttl/limits\n"
    file.write_text(
        file.read_text(encoding="utf-8").replace(entry, f"{entry}    {added}\n"), encoding="utf-8"
    )
    with pytest.raises(ContractError, match=says) as caught:
        catalogue.load(tmp_path)
    assert "ttl.yaml" in str(caught.value)
    assert "ttl/limits" in str(caught.value)


def test_a_wrong_version_in_the_contract_is_refused(tmp_path: Path) -> None:
    """The sentence names the operation."""
    shutil.copytree(coder_spec.default_root(), tmp_path, dirs_exist_ok=True)
    file = tmp_path / "paths" / "workspace-settings.yaml"
    content = file.read_text(encoding="utf-8")
    file.write_text(content.replace("x-since: v2.25.0", "x-since: newest"), encoding="utf-8")
    with pytest.raises(ContractError, match="updateWorkspaceAcl has the x-since 'newest'"):
        coder_spec.load(tmp_path)


def test_what_a_server_is_too_old_for_is_not_asked_of_it() -> None:
    """Neither by what is about one operation nor by what is about all of them."""
    contract, known = coder_spec.load(), catalogue.load()
    acl, ttl = (contract.operation(o) for o in ("updateWorkspaceAcl", "updateWorkspaceTtlById"))
    assert known["acl/shares"].excludes(acl, "v2.24.0") == "about servers from v2.25.0 on"
    assert known["routes/method-not-allowed"].excludes(acl, "v2.24.0")
    assert not known["routes/method-not-allowed"].excludes(ttl, "v2.24.0")
    assert not known["acl/shares"].excludes(acl, "v2.26.0")
    assert known["acl/no-reading"].excludes(acl, "v2.26.0") == "about servers before v2.26.0"
    assert not known["client/valid-requests"].excludes(acl, "v2.24.0")
