"""How many workspaces a run may make."""

from __future__ import annotations

from dataclasses import dataclass

from .results import CannotJudgeError

# How many workspaces a run of each profile makes, at most, for both users together.
MOST = {"smoke": 2, "readonly": 0, "standard": 8, "full": 24}


@dataclass(slots=True)
class Budget:
    """What is left of it; shared by the users of a run.

    Attributes:
        most: How many workspaces may be made.
        spent: How many were made, or may have been.
    """

    most: int
    spent: int = 0

    @property
    def left(self) -> int:
        """How many may still be made."""
        return max(0, self.most - self.spent)

    def check(self) -> None:
        """See to it that one more may be made.

        Raises:
            CannotJudgeError: None may.
        """
        if not self.left:
            message = f"all {self.most} workspaces that the profile allows have been made"
            raise CannotJudgeError(message)
