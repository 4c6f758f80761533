"""What can be wrong with a contract."""

from __future__ import annotations


class ContractError(Exception):
    """A contract cannot be used.

    `str()` is one sentence that names the file, the place in it, the problem and the remedy.

    Attributes:
        file: File at fault, relative to the contract's folder where possible.
        place: JSON pointer or line within the file; empty for the file as a whole.
        problem: What is wrong.
        remedy: What to do about it.
    """

    def __init__(self, file: str, place: str, problem: str, remedy: str) -> None:
        self.file = file
        self.place = place
        self.problem = problem
        self.remedy = remedy
        where = f"{file} at {place}" if place else file
        super().__init__(f"{where}: {problem}; {remedy}.")
