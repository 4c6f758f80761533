"""Puts a copy of the contract into wheels; a checkout reads it where it stands."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_CONTRACT = ("openapi.yaml", "components", "paths", "requirements")


class ContractHook(BuildHookInterface[Any]):
    """Adds `spec/` to `coder_spec/contract/`, except to editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds."""
        if version != "editable":
            for name in _CONTRACT:
                build_data["force_include"][f"spec/{name}"] = f"coder_spec/contract/{name}"
