"""Clients that other generators make of the contract, as they come: faulty without our doing."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.selftest.records import Record
from tests.conformance.selftest.suite import LIMIT, recorded
from tests.conformance.selftest.watching import watch


@dataclass(frozen=True)
class Specimen:
    """A client of another generator.

    Attributes:
        id: Its name.
        adapter: How the suite uses it.
        sentence: What it is.
    """

    id: str
    adapter: str
    sentence: str

    def judge(self, arguments: list[str]) -> Record:
        """Run the whole suite on it; it is found out when anything fails.

        Raises:
            ValueError: The run broke.
        """
        with tempfile.TemporaryDirectory(prefix="selftest-") as folder:
            told = ["--role=client", f"--client={self.adapter}", *arguments]
            record = recorded(self.id, watch(Path(folder), told, {}, "", LIMIT), None)
        if record.verdict == "elsewhere":  # no requirement is expected more than the others
            record.verdict = "found"
            record.seconds = record.first or record.seconds
        return record


SPECIMENS = [
    Specimen(
        "openapi-python-client",
        "tests.conformance.stock_client:Stock",
        "What openapi-python-client makes of the contract without our templates.",
    ),
]
