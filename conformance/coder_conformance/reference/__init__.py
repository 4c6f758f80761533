"""A reference deployment of the workspaces API, complete enough to develop clients against."""

from typing import TYPE_CHECKING

from coder_conformance.reference.clock import ManualClock
from coder_conformance.reference.settings import Settings

if TYPE_CHECKING:
    from coder_conformance.reference.application import create_app

__all__ = ["ManualClock", "Settings", "create_app"]


def __getattr__(name: str) -> object:
    """Load the application when it is first asked for.

    The command line lives in this package too, and has to start without the web framework.
    """
    if name != "create_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from coder_conformance.reference.application import create_app  # noqa: PLC0415

    return create_app
