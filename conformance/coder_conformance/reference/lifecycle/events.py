"""News of workspaces for those who watch them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

Listener = Callable[[], None]


class Events:
    """Tells listeners that the workspace which they watch may have changed."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._listeners: dict[UUID, dict[int, Listener]] = {}
        self._number = 0

    def subscribe(self, workspace_id: UUID, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` called for news of a workspace; return how to end that."""
        self._number += 1
        number = self._number
        self._listeners.setdefault(workspace_id, {})[number] = listener

        def unsubscribe() -> None:
            listeners = self._listeners.get(workspace_id, {})
            listeners.pop(number, None)
            if not listeners:
                self._listeners.pop(workspace_id, None)

        return unsubscribe

    def publish(self, workspace_id: UUID) -> None:
        """Call everybody who listens to ``workspace_id``."""
        for listener in list(self._listeners.get(workspace_id, {}).values()):
            listener()

    def count(self) -> int:
        """Return how many listeners there are."""
        return sum(len(listeners) for listeners in self._listeners.values())
