"""Making one OpenAPI document of a contract's files.

A component's kind follows from where it stands: `components/schemas/*.yaml` hold schemas, and
`components/<kind>.yaml` holds the other kinds. Its key there is its name, unique within the kind.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from .errors import ContractError
from .files import Files, Json, is_array, is_object

# Keywords whose values are data, in which `$ref` would mean nothing.
_DATA = frozenset({"const", "default", "enum", "example", "value", "x-extensible-enum"})


def pointer(*parts: str) -> str:
    """A JSON pointer of these parts, escaped."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


class Bundler:
    """Follows every reference from the root and hoists what it meets into `components`."""

    def __init__(self, root: Path) -> None:
        self.files = Files(root)
        self.root_file = root / "openapi.yaml"
        self._components: dict[str, dict[str, Any]] = {}
        self._origin: dict[tuple[str, str], Path] = {}

    def bundle(self) -> Json:
        """The whole contract as one document.

        Raises:
            ContractError: A file cannot be read, or a reference leads nowhere.
        """
        root = self.files.read(self.root_file)
        document: Json = {}
        for key, value in root.items():
            if key == "paths":
                document[key] = self._paths(value)
            elif key != "components":
                document[key] = self._resolve(value, self.root_file, pointer(key))
        own = root.get("components", {})
        components = self._resolve(own, self.root_file, pointer("components"))
        for kind, entries in self._components.items():
            target: Json = components.setdefault(kind, {})
            target.update(entries)
        document["components"] = {
            kind: dict(sorted(components[kind].items())) for kind in sorted(components)
        }
        return document

    def unused(self) -> list[str]:
        """Components that stand in the files and that nothing refers to, as `file#/Name`."""
        folder = self.files.root / "components"
        found: list[str] = []
        for path in sorted(folder.rglob("*.yaml")):
            kind = self._kind(path)
            found += [
                f"{self.files.name(path)}#{pointer(name)}"
                for name in self.files.read(path)
                if kind is None or self._origin.get((kind, name)) != path
            ]
        return found

    def _paths(self, paths: object) -> Json:
        name = self.files.name(self.root_file)
        if not is_object(paths):
            raise ContractError(name, "/paths", "there are no paths", "list them as a mapping")
        result: Json = {}
        for path, item in paths.items():
            place = pointer("paths", path)
            if is_object(item) and "$ref" in item:
                file, target, _ = self._locate(item["$ref"], self.root_file, place)
                entry = self._at(file, target, self.root_file, place)
                result[path] = self._resolve(entry, file, target)
            else:
                result[path] = self._resolve(item, self.root_file, place)
        return result

    def _resolve(self, node: Any, file: Path, place: str) -> Any:
        if is_array(node):
            return [self._resolve(item, file, f"{place}/{n}") for n, item in enumerate(node)]
        if not is_object(node):
            return node
        result: Json = {}
        for key, value in node.items():
            if key in _DATA:
                result[key] = copy.deepcopy(value)
            elif key == "$ref":
                result[key] = self._reference(value, file, place)
            else:
                result[key] = self._resolve(value, file, place + pointer(key))
        return result

    def _reference(self, reference: object, file: Path, place: str) -> str:
        target_file, target, parts = self._locate(reference, file, place)
        if target_file == self.root_file:
            self._at(target_file, target, file, place)
            return f"#{target}"
        kind = self._kind(target_file)
        if kind is None:
            message = f"$ref {reference!r} does not lead to a component"
            raise ContractError(
                self.files.name(file), place, message, "move what it means below components/"
            )
        self._at(target_file, target, file, place)
        self._hoist(kind, parts[0], target_file)
        return f"#/components/{kind}{target}"

    def _hoist(self, kind: str, name: str, file: Path) -> None:
        known = self._origin.get((kind, name))
        if known is not None:
            if known != file:
                message = f"the component {name!r} also stands in {self.files.name(known)}"
                raise ContractError(self.files.name(file), pointer(name), message, "rename one")
            return
        self._origin[kind, name] = file
        entries = self._components.setdefault(kind, {})
        entries[name] = self._resolve(self.files.read(file)[name], file, pointer(name))

    def _locate(self, reference: object, file: Path, place: str) -> tuple[Path, str, list[str]]:
        name = self.files.name(file)
        if not isinstance(reference, str) or reference.count("#") != 1 or "://" in reference:
            message = f"$ref {reference!r} is not of the form file.yaml#/Name"
            raise ContractError(name, place, message, "point it to a component of this contract")
        where, target = reference.split("#")
        path = (file.parent / where).resolve() if where else file
        parts = [part.replace("~1", "/").replace("~0", "~") for part in target.split("/")[1:]]
        if not parts or not path.is_relative_to(self.files.root):
            message = f"$ref {reference!r} leaves the contract"
            raise ContractError(name, place, message, "point it to a component of this contract")
        return path, target, parts

    def _at(self, file: Path, target: str, from_file: Path, from_place: str) -> Any:
        """What stands at a pointer; complains about the reference, not about its target."""
        node: Any
        try:
            node = self.files.read(file)
            for part in target.split("/")[1:]:
                key = part.replace("~1", "/").replace("~0", "~")
                node = node[int(key)] if is_array(node) else node[key]
        except (KeyError, IndexError, ValueError, TypeError):
            message = f"$ref leads to {self.files.name(file)}#{target}, where nothing stands"
            raise ContractError(
                self.files.name(from_file),
                from_place,
                message,
                "correct the $ref or add its target",
            ) from None
        except ContractError as error:
            if error.problem != "the file does not exist":
                raise
            message = f"$ref leads to {error.file}, which does not exist"
            raise ContractError(
                self.files.name(from_file), from_place, message, "correct the $ref or add the file"
            ) from None
        return node

    def _kind(self, file: Path) -> str | None:
        parts = file.relative_to(self.files.root).parts
        if len(parts) > 2 and parts[:2] == ("components", "schemas"):
            return "schemas"
        if len(parts) == 2 and parts[0] == "components":
            return file.stem
        return None
