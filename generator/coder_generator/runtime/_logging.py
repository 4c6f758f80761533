"""The switch that shows what the client does, without a line of code."""

from __future__ import annotations

import logging
import os

from coder_workspaces.errors import ConfigurationError

LOG_VARIABLE = "CODER_CLIENT_LOG"

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"


def configure_from_environment() -> None:
    """Send the client's log to standard error when the environment asks for it.

    ``CODER_CLIENT_LOG=info`` shows repetitions and reconnections, ``debug`` every call. Messages
    contain no tokens and no bodies. A program that has set up logging of its own keeps it.

    Raises:
        ConfigurationError: The variable has another value.
    """
    value = os.environ.get(LOG_VARIABLE, "").strip().lower()
    if not value:
        return
    level = _LEVELS.get(value)
    if level is None:
        raise ConfigurationError(f"{LOG_VARIABLE} is {value!r}; use info or debug.")
    logger = logging.getLogger("coder_workspaces")
    if logger.level == logging.NOTSET:
        logger.setLevel(level)
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
