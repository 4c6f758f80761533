"""The command line of the reference server.

It has to work, as far as saying what is missing, in an installation of the client alone. So
whatever needs more than the standard library is imported by :mod:`.launch`, and that late.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from coder_conformance.reference.options import UsageError, make_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it is told to stop.

    Returns 0 after a regular stop and 2 for anything that the user has to change.
    """
    options = make_parser().parse_args(arguments)
    try:
        from coder_conformance.reference.launch import launch  # noqa: PLC0415 - see above

        launch(options)
    except UsageError as error:
        return _complain(str(error))
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "coder_conformance"):
            raise
        return _complain(
            f"the package {package} is not installed; "
            "install the server's needs with pip install 'coder-workspaces[conformance]'"
        )
    except KeyboardInterrupt:
        # The server has stopped regularly and then passed the signal on.
        return 0
    return 0


def _complain(sentence: str) -> int:
    sys.stderr.write(f"coder-reference-server: {sentence}\n")
    return 2
