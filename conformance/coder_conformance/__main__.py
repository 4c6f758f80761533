"""`python -m coder_conformance` is `coder-conformance`."""

import sys

from .cli import main

sys.exit(main())
