"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx2

from coder_spec import ContractError, load
from coder_workspaces import CoderError

from . import calls, decode, imports, reference, suite, watch
from .measure import BenchError
from .report import Section, as_table, write_json
from .setup import Setup

_DIRECTORY: Final = Path(__file__).resolve().parents[2] / "build" / "bench"
_BENCHMARKS: Final[dict[str, Callable[[Setup], Section]]] = {
    "decode": decode.run,
    "import": imports.run,
    "calls": calls.run,
    "watch": watch.run,
    "reference": reference.run,
    "suite": suite.run,
}
# Whatever a contender that does not work raises: its modules, its client, its connections.
_TROUBLE: Final = (BenchError, CoderError, ContractError, ImportError, OSError, httpx2.HTTPError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks, print their table and write build/bench/bench.json.

    Returns 0 when all of them ran, whether or not the targets are met: a busy machine is no
    failing test. Returns 1 when one of them cannot run.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, for a first look")
    parser.add_argument(
        "--only",
        action="append",
        choices=list(_BENCHMARKS),
        metavar="NAME",
        help=f"run this one; may be repeated ({', '.join(_BENCHMARKS)})",
    )
    options = parser.parse_args(arguments)
    names: Sequence[str] = options.only or list(_BENCHMARKS)
    started = time.monotonic()
    try:
        _DIRECTORY.mkdir(parents=True, exist_ok=True)
        setup = Setup(_DIRECTORY, load(), options.quick)
        sections: list[Section] = []
        for name in dict.fromkeys(names):
            _say(f"measuring {name} …")
            sections.append(_BENCHMARKS[name](setup))
        output = _DIRECTORY / "bench.json"
        write_json(output, sections, contract_digest=setup.contract.digest, quick=options.quick)
    except _TROUBLE as error:
        _say(f"bench: {error}")
        return 1
    sys.stdout.write(f"{as_table(sections)}\n")
    _say(f"{time.monotonic() - started:.0f} s; written to {output}")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
