"""Reading the contract's YAML files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml
from typing_extensions import TypeIs

from .errors import ContractError

Json = dict[str, Any]


def is_object(node: object) -> TypeIs[Json]:
    """Whether a node is a JSON object; the loader admits no keys but strings."""
    return isinstance(node, dict)


def is_array(node: object) -> TypeIs[list[Any]]:
    """Whether a node is a JSON array."""
    return isinstance(node, list)


if TYPE_CHECKING:
    _Base = yaml.SafeLoader
else:
    # The parser in C, where PyYAML was built with it, takes a tenth of the time.
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """YAML as JSON has it: no timestamps, no duplicate keys, no keys but strings."""


# YAML 1.1 would turn an unquoted date into an object that JSON does not have.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Json:
    result: Json = {}
    # PyYAML's types leave this one partly unknown.
    construct = cast("Callable[..., Any]", loader.construct_object)  # pyright: ignore[reportUnknownMemberType]
    for key_node, value_node in node.value:
        key = str(construct(key_node, deep=True))
        if key in result:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands there twice", key_node.start_mark
            )
        result[key] = construct(value_node, deep=True)
    return result


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


class Files:
    """The files of one contract, each read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[Path, Json] = {}

    def name(self, path: Path) -> str:
        """The file's name as messages show it: relative to the contract's folder."""
        inside = path.is_relative_to(self.root)
        return path.relative_to(self.root).as_posix() if inside else str(path)

    def read(self, path: Path) -> Json:
        """The file's content.

        Raises:
            ContractError: The file is missing, unreadable, not YAML, or not a mapping.
        """
        if path not in self._read:
            self._read[path] = self._load(path)
        return self._read[path]

    def _load(self, path: Path) -> Json:
        name = self.name(path)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            message = "the file does not exist"
            raise ContractError(name, "", message, "restore it or correct the reference") from None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            message = f"the file cannot be read ({reason})"
            raise ContractError(name, "", message, "make it readable UTF-8") from None
        try:
            # The loader is a SafeLoader, so no object but plain data can come of this.
            content: object = yaml.load(text, Loader=_Loader)  # noqa: S506
        except RecursionError:
            message = "it is nested too deeply"
            raise ContractError(name, "", message, "make it flatter") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            problem = getattr(error, "problem", None) or "it cannot be parsed"
            message = f"this is not valid YAML ({problem})"
            raise ContractError(name, place, message, "correct the syntax") from None
        if not is_object(content):
            message = "the file holds no mapping"
            raise ContractError(name, "", message, "give it named entries")
        return content
