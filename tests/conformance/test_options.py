"""Options: where they may stand, which one wins, and what wrong ones get."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

import coder_spec
from coder_conformance import options
from coder_conformance.catalogue import chosen, load
from coder_conformance.settings import Settings, SettingsError


def resolved(
    *typed: str, environment: dict[str, str] | None = None, file: Path | None = None
) -> Any:
    """The options of a command line, an environment and a file."""
    parser = argparse.ArgumentParser()
    options.add_to(parser)
    return options.resolve(parser.parse_args(typed), environment or {}, file)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    """Each place is used where the ones before it are silent."""
    file = tmp_path / "run.toml"
    file.write_text(
        'seed = 3\nexamples = 3\nprofile = "smoke"\nonly = ["ttl/*", "list/*"]\nkeep = true\n'
    )
    environment = {"CODER_CONFORMANCE_SEED": "2", "CODER_CONFORMANCE_EXAMPLES": "2"}
    found = resolved("--seed=1", environment=environment, file=file)
    assert (found["seed"], found["examples"], found["profile"]) == (1, 2, "smoke")
    assert found["only"] == ("ttl/*", "list/*")
    assert found["keep"] is True
    assert found["request_timeout"] == 15.0
    listed = resolved(environment={"CODER_CONFORMANCE_ONLY": "ttl/*, list/*"})
    assert listed["only"] == ("ttl/*", "list/*")
    assert resolved(environment={"CODER_CONFORMANCE_KEEP": "no"})["keep"] is False


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("seed = 'x'", "seed in .*run.toml: 'x' is not a whole number"),
        ("profile = 'quick'", "profile in .*: 'quick' is not one of smoke"),
        ("sede = 1", "sets 'sede', which is no option; use build_timeout"),
        ("seed = ", "not valid TOML"),
        ("shard = '5/4'", "'5/4' is not of the form 1/4"),
        ("request_timeout = 0", "'0' is not a number of seconds"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, content: str, says: str) -> None:
    """The sentence names the file, the option and what it may be."""
    file = tmp_path / "run.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=says):
        resolved(file=file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that was named must be there."""
    with pytest.raises(SettingsError, match="does not exist"):
        resolved(file=tmp_path / "run.toml")


def test_wrong_variables_are_refused() -> None:
    """The sentence names the variable."""
    with pytest.raises(SettingsError, match="CODER_CONFORMANCE_LEVELS: 'must' is not one of MUST"):
        resolved(environment={"CODER_CONFORMANCE_LEVELS": "must"})


def test_the_reference_has_every_option() -> None:
    """The table is made of the same options that are parsed."""
    shown = options.reference()
    assert len(shown.splitlines()) == len(options.OPTIONS) + 2
    assert "`--only` | `only` | `CODER_CONFORMANCE_ONLY`" in shown
    assert "`--operation` | `operations` | `CODER_CONFORMANCE_OPERATIONS`" in shown


def test_shards_are_a_partition() -> None:
    """Every judgement is in exactly one of the parts."""
    contract = coder_spec.load()
    pairs = [
        (requirement, contract.operation(name))
        for requirement in load().values()
        for name in requirement.operations
    ]
    for requirement, operation in pairs:
        if not chosen(requirement, operation, Settings(profile="full"), None):
            continue
        parts = [
            chosen(requirement, operation, Settings(profile="full", shard=f"{n}/3"), None)
            for n in (1, 2, 3)
        ]
        assert sum(parts) == 1
