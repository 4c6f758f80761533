"""The hand-written conveniences of the client, and which operations each needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coder_generator.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Helper:
    """Runtime modules that work on particular operations.

    Attributes:
        modules: The modules.
        needs: operationIds that they call.
        resource: Resource that gets their methods, or an empty string.
        mixin: Class with the blocking methods, as module and name.
        async_mixin: Class with the asynchronous methods, as module and name.
        exports: Names that the package exports, each with its module.
    """

    modules: tuple[str, ...]
    needs: frozenset[str]
    resource: str = ""
    mixin: tuple[str, str] = ("", "")
    async_mixin: tuple[str, str] = ("", "")
    exports: tuple[tuple[str, str], ...] = ()


HELPERS: tuple[Helper, ...] = (
    Helper(
        modules=("search.py",),
        needs=frozenset({"listWorkspaces"}),
        exports=(("workspace_query", "search"),),
    ),
    Helper(
        modules=("_paging.py", "_async_paging.py"),
        needs=frozenset({"listWorkspaces"}),
        resource="workspaces",
        mixin=("_paging", "WorkspacePaging"),
        async_mixin=("_async_paging", "AsyncWorkspacePaging"),
        exports=(
            ("AsyncWorkspaceIterator", "_async_paging"),
            ("WorkspaceIterator", "_paging"),
        ),
    ),
    Helper(
        modules=("_shortcuts.py", "_async_shortcuts.py", "_terms.py"),
        needs=frozenset(
            {
                "extendWorkspaceDeadlineById",
                "getWorkspaceMetadataByUserAndWorkspaceName",
                "updateWorkspaceTtlById",
            }
        ),
        resource="workspaces",
        mixin=("_shortcuts", "WorkspaceShortcuts"),
        async_mixin=("_async_shortcuts", "AsyncWorkspaceShortcuts"),
    ),
    Helper(
        modules=("_usage.py", "_async_usage.py"),
        needs=frozenset({"postWorkspaceUsageById"}),
        resource="workspaces",
        mixin=("_usage", "WorkspaceUsage"),
        async_mixin=("_async_usage", "AsyncWorkspaceUsage"),
    ),
    Helper(
        modules=("_lifecycle.py", "_async_lifecycle.py", "_waiting.py"),
        needs=frozenset(
            {
                "createWorkspaceBuild",
                "getWorkspaceBuild",
                "getWorkspaceMetadataById",
                "watchWorkspaceByIdViaWebsockets",
            }
        ),
        resource="workspaces",
        mixin=("_lifecycle", "WorkspaceLifecycle"),
        async_mixin=("_async_lifecycle", "AsyncWorkspaceLifecycle"),
    ),
    Helper(
        modules=("watching.py", "_reconnecting.py", "_watch_methods.py", "_async_watch_methods.py"),
        needs=frozenset({"watchWorkspaceById", "watchWorkspaceByIdViaWebsockets"}),
        resource="workspaces",
        mixin=("_watch_methods", "WorkspaceWatching"),
        async_mixin=("_async_watch_methods", "AsyncWorkspaceWatching"),
        exports=(("AsyncWorkspaceWatch", "watching"), ("WorkspaceWatch", "watching")),
    ),
)


def helpers_for(operation_ids: Iterable[str]) -> list[Helper]:
    """Return the helpers whose operations the contract has.

    Raises:
        GenerationError: The contract has some of a helper's operations only, which means that one
            was renamed or removed.
    """
    known = set(operation_ids)
    chosen: list[Helper] = []
    for helper in HELPERS:
        missing = sorted(helper.needs - known)
        if not missing:
            chosen.append(helper)
        elif len(missing) < len(helper.needs):
            raise GenerationError(
                f"The helper {helper.modules[0]} needs the operations {', '.join(missing)}, which "
                "the contract does not have; adapt the helper or restore them."
            )
    return chosen


def mixins_for(
    resource: str, is_async: bool, operation_ids: Iterable[str]
) -> list[tuple[str, str]]:
    """Return the mixins of a resource of one kind of client, each as module and name."""
    helpers = [helper for helper in helpers_for(operation_ids) if helper.resource == resource]
    return [helper.async_mixin if is_async else helper.mixin for helper in helpers]
