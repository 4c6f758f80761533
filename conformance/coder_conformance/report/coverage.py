"""Which of the documented statuses a run has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import coder_spec

if TYPE_CHECKING:
    from ..results import Run


@dataclass(frozen=True, slots=True)
class Coverage:
    """One operation.

    Attributes:
        operation: The operationId.
        documented: The statuses that the contract documents, ascending.
        seen: How often each status was seen.
    """

    operation: str
    documented: tuple[int, ...]
    seen: dict[int, int]

    @property
    def met(self) -> tuple[int, ...]:
        """The documented statuses that were seen."""
        return tuple(status for status in self.documented if self.seen.get(status))

    @property
    def undocumented(self) -> tuple[int, ...]:
        """The statuses that were seen and are not documented."""
        return tuple(sorted(set(self.seen) - set(self.documented)))


def coverage(run: Run) -> list[Coverage]:
    """Each operation that the contract judges servers by; empty when no server was judged."""
    if not run.statuses:
        return []
    return [
        Coverage(name, tuple(documented), run.statuses.get(name, {}))
        for name, documented in sorted(run.documented.items())
    ]


def sentence(covered: list[Coverage]) -> str:
    """How much was seen, in one sentence."""
    met = sum(len(one.met) for one in covered)
    documented = sum(len(one.documented) for one in covered)
    answered = sum(bool(one.seen) for one in covered)
    return (
        f"{met} of {documented} documented statuses were seen, "
        f"and {answered} of {len(covered)} operations answered."
    )


def note_contract(run: Run) -> None:
    """Enter what the contract documents, unless the run says already by which one it judged."""
    if not run.contract:
        contract = coder_spec.load()
        run.contract = contract.digest
        run.documented = {
            operation.id: list(operation.statuses)
            for operation in contract.operations
            if operation.in_scope
        }
