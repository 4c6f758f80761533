"""Runs the reference server: ``python -m coder_conformance.reference``."""

import sys

from coder_conformance.reference.cli import main

sys.exit(main())
