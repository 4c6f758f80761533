"""The hand-written conveniences of the client, and which operations each needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coder_generator.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Helper:
    """A runtime module that works on particular operations.

    Attributes:
        modules: Runtime modules that belong to it.
        needs: operationIds that it calls.
        resource: Resource that gets its methods, or an empty string.
        mixin: Name of the class with its blocking methods; the asynchronous one has the prefix
            ``Async``.
        exports: Names that the package exports, with the module each is in.
    """

    modules: tuple[str, ...]
    needs: frozenset[str]
    resource: str = ""
    mixin: str = ""
    exports: tuple[tuple[str, str], ...] = ()


HELPERS: tuple[Helper, ...] = ()


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


def mixins_for(resource: str, operation_ids: Iterable[str]) -> list[tuple[str, str]]:
    """Return module and class name of each mixin of a resource."""
    return [
        (helper.modules[0].removesuffix(".py"), helper.mixin)
        for helper in helpers_for(operation_ids)
        if helper.mixin and helper.resource == resource
    ]
