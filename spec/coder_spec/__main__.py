"""`python -m coder_spec`: check the contract and say what it holds."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .contract import load
from .errors import ContractError


def main(arguments: list[str] | None = None) -> int:
    """Lint the contract; 0 when it is good, 1 when a rule is broken, 2 when it cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m coder_spec", description=main.__doc__)
    parser.add_argument(
        "--spec", type=Path, default=None, metavar="DIR", help="folder that holds openapi.yaml"
    )
    options = parser.parse_args(arguments)
    try:
        contract = load(options.spec)
    except ContractError as error:
        print(f"The contract cannot be read. {error}", file=sys.stderr)
        return 2
    # Imported here so that reading a contract needs no validator.
    from .lint import lint  # noqa: PLC0415

    problems = lint(contract)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"The contract breaks {len(problems)} rule(s).", file=sys.stderr)
        return 1
    scope = sum(operation.in_scope for operation in contract.operations)
    schemas = len(contract.document["components"]["schemas"])
    print(
        f"The contract is good: {len(contract.operations)} operations, {scope} of them in the "
        f"conformance scope, {schemas} schemas, digest {contract.digest[:12]}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
