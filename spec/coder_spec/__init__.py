"""The contract of the Workspaces API and the way to read it.

Everything that generates, serves or judges starts from here and from nothing else.
"""

from .contract import Contract, Operation, Stream, default_root, load
from .errors import ContractError
from .versions import Span

__all__ = ["Contract", "ContractError", "Operation", "Span", "Stream", "default_root", "load"]
