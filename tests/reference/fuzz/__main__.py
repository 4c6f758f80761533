"""Runs the fuzzing: ``python -m tests.reference.fuzz --requests 100000``."""

import sys

from .run import main

sys.exit(main())
