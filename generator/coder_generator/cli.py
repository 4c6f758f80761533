"""The command ``python -m coder_generator``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from coder_generator.errors import GenerationError
from coder_spec import ContractError, load

_DEFAULT_OUT = Path(__file__).resolve().parents[2] / "generated"


def main(arguments: list[str] | None = None) -> int:
    """Run the generator.

    Args:
        arguments: Command line without the program's name; default: that of the process.

    Returns:
        Exit status: 0 done or up to date, 1 not up to date, 2 the client cannot be generated.
    """
    options = _parser().parse_args(arguments)
    try:
        return _run(options.spec, options.out, check=options.check)
    except (ContractError, GenerationError) as error:
        print(f"coder_generator: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m coder_generator",
        description="Generate the package coder_workspaces from the contract.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--spec",
        type=Path,
        metavar="DIR",
        help="folder with the contract's openapi.yaml (default: this project's contract)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=_DEFAULT_OUT,
        help="folder to put the package coder_workspaces in (default: generated)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail when the package is not what the contract generates",
    )
    return parser


def _run(spec: Path | None, out: Path, *, check: bool) -> int:
    contract = load(spec)
    # Imported when the contract is known to be readable: the tools take most of the time.
    from coder_generator.output import compare, write_package  # noqa: PLC0415
    from coder_generator.package import PACKAGE, build_package  # noqa: PLC0415

    files = build_package(contract)
    folder = out / PACKAGE
    shown = _as_typed(folder)
    if not check:
        changed = write_package(files, folder)
        state = f"{len(files)} files written" if changed else "already up to date"
        print(f"{shown}: {state}")
        return 0
    differences = compare(files, folder)
    for difference in differences:
        print(difference)
    if differences:
        print(
            f"{shown}: {len(differences)} files differ from what the contract generates; run "
            "python -m coder_generator and commit the result.",
            file=sys.stderr,
        )
        return 1
    print(f"{shown}: up to date")
    return 0


def _as_typed(folder: Path) -> Path:
    """Return a path as people write it: relative to the working directory where it is below it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
