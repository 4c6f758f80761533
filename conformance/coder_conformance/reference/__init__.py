"""A reference deployment of the workspaces API, complete enough to develop clients against."""

from coder_conformance.reference.application import create_app
from coder_conformance.reference.clock import ManualClock
from coder_conformance.reference.settings import Settings

__all__ = ["ManualClock", "Settings", "create_app"]
