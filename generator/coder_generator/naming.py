"""Names of the contract as Python names, and what makes one unusable."""

from __future__ import annotations

import builtins
import keyword
import re
from typing import TYPE_CHECKING

from coder_generator.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_. ]+")
_PASCAL_CASE = re.compile(r"[A-Z][A-Za-z0-9]*\Z")


def snake_case(name: str) -> str:
    """Return ``extendWorkspaceDeadlineById`` as ``extend_workspace_deadline_by_id``."""
    return "_".join(word.lower() for word in _WORD_BOUNDARY.split(name) if word)


def pascal_case(name: str) -> str:
    """Return ``server-info`` as ``ServerInfo``."""
    return "".join(word[0].upper() + word[1:] for word in snake_case(name).split("_"))


def identifier(name: str, what: str) -> str:
    """Return a name in snake case.

    Args:
        name: The name in the contract.
        what: What it names, for the message, such as ``operationId``.

    Raises:
        GenerationError: The result is no identifier that can be used.
    """
    result = snake_case(name)
    if not result.isidentifier() or keyword.iskeyword(result) or hasattr(builtins, result):
        raise GenerationError(
            f"The {what} {name!r} would be {result!r} in Python, which is not usable as a name; "
            "rename it in the contract."
        )
    return result


def class_name(name: str) -> str:
    """Return a component's name, which is a class name as it stands.

    Raises:
        GenerationError: It is not in Pascal case.
    """
    if not _PASCAL_CASE.match(name) or keyword.iskeyword(name):
        raise GenerationError(
            f"The schema {name!r} cannot become a Python class; rename it in the contract to "
            "letters and digits beginning with a capital, such as WorkspaceBuild."
        )
    return name


def require_distinct(names: Iterable[tuple[str, str]], what: str) -> None:
    """Check that names stay apart in Python.

    Args:
        names: Pairs of a Python name and the contract's name behind it.
        what: What they name, for the message.

    Raises:
        GenerationError: Two of them collide.
    """
    seen: dict[str, str] = {}
    for python_name, name in names:
        other = seen.setdefault(python_name, name)
        if other != name:
            raise GenerationError(
                f"The {what} {other!r} and {name!r} would both be {python_name!r} in Python; "
                "rename one of them in the contract."
            )
