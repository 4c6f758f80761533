"""What all benchmarks share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from coder_spec import Contract

from . import stock
from .measure import Effort


@dataclass(frozen=True)
class Setup:
    """The run that is under way.

    Attributes:
        directory: Folder for everything that is made, build/bench of the checkout.
        contract: The contract that all clients are generated from.
        quick: Whether to measure for a few seconds only.
    """

    directory: Path
    contract: Contract
    quick: bool

    def effort(self, full: Effort) -> Effort:
        """Return the effort for this run."""
        return full.shorter() if self.quick else full

    @cached_property
    def stock_root(self) -> Path:
        """Folder that holds the stock client, generated when it is first asked for."""
        return stock.generate(self.contract, self.directory / "stock")
