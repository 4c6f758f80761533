"""A reference deployment of the workspaces API, complete enough to develop clients against."""

from importlib import import_module
from typing import TYPE_CHECKING

from coder_conformance.reference.clock import ManualClock
from coder_conformance.reference.settings import Settings

if TYPE_CHECKING:
    from coder_conformance.reference.application import create_app
    from coder_conformance.reference.transport import InProcessTransport

__all__ = ["InProcessTransport", "ManualClock", "Settings", "create_app"]
_LAZY = {"InProcessTransport": "transport", "create_app": "application"}


def __getattr__(name: str) -> object:
    """Load the application and the transport when they are first asked for.

    The command line lives in this package too, and has to start without the web framework.
    """
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    return value
