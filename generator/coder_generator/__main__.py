"""Runs the generator: ``python -m coder_generator``."""

import sys

from coder_generator.cli import main

sys.exit(main())
