"""The suite can fail: each of these servers and clients is wrong in one way, and is found out.

This is a fixed sample; `python -m tests.conformance.selftest` runs the whole catalogue.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from coder_conformance import catalogue as requirements
from tests.conformance.faults.catalogue import (
    ALL_FAULTS,
    CLIENT_FAULTS,
    SERVER_FAULTS,
    judge_client,
    judge_server,
    mutated,
    narrow,
)
from tests.conformance.faults.clients import ClientFault
from tests.conformance.faulty import Fault


@pytest.mark.parametrize("fault", SERVER_FAULTS[::47], ids=lambda fault: fault.id)
def test_a_faulty_server_is_found_out(fault: Fault, tmp_path: Path) -> None:
    """The requirement that the server breaks is found broken, and nothing is left behind."""
    found = judge_server(fault, tmp_path, *narrow(fault))
    assert fault.requirement in found.failed, found
    assert found.occasions > 0
    assert found.leftovers == []


@pytest.mark.parametrize("fault", CLIENT_FAULTS[::19], ids=lambda fault: fault.id)
def test_a_faulty_client_is_found_out(fault: ClientFault, tmp_path: Path) -> None:
    """A change of a few characters in a copy of the client turns the verdict red."""
    found = judge_client(fault, tmp_path, "--examples=5")
    assert fault.requirement in found.failed, found


def test_every_fault_breaks_a_requirement_there_is() -> None:
    """Faults have names of their own and name a requirement and an operation of the catalogue."""
    known = requirements.load()
    names = Counter(fault.id for fault in ALL_FAULTS)
    assert [name for name, count in names.items() if count > 1] == []
    for fault in ALL_FAULTS:
        assert fault.requirement in known, fault.id
        assert fault.operation in known[fault.requirement].operations, fault.id


def test_every_client_fault_changes_the_client(tmp_path: Path) -> None:
    """What it replaces stands in the generated client, and the copy is another one."""
    for fault in CLIENT_FAULTS:
        mutated(fault, tmp_path / fault.id)
        copy = tmp_path / fault.id / "coder_workspaces" / fault.file
        compile(copy.read_text(encoding="utf-8"), fault.file, "exec")
