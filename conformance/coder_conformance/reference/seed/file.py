"""Reads a seed file."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from coder_conformance.reference.seed.check import SeedError
from coder_conformance.reference.seed.model import Seed

_CONFIG = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


def read_seed_file(path: Path) -> Seed:
    """Return the contents described in the YAML file at ``path``; raise :class:`SeedError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SeedError(f"{path}: cannot be read: {reason}") from None
    try:
        content: object = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SeedError(f"{path}{_place(error)}: is not YAML: {_reason(error)}") from None
    except (LookupError, AttributeError, TypeError) as error:
        # What the library does about a tag whose value does not fit it, as in "!!bool maybe".
        reason = f"a value does not fit its tag ({type(error).__name__})"
        raise SeedError(f"{path}: is not YAML: {reason}") from None
    try:
        # A list of one, because the settings of an adapter reach dataclasses only from outside.
        adapter = TypeAdapter(list[Seed], config=_CONFIG)
        return adapter.validate_python([{} if content is None else content])[0]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"][1:]
        ).lstrip(".")
        raise SeedError(f"{path}: {place or 'the file'}: {first['msg']}") from None


def _place(error: Exception) -> str:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        return error.problem
    return str(error).partition("\n")[0] or type(error).__name__
