"""The benchmarks compare what they say they compare."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import jsonschema_rs

from coder_spec import load

from .data import encode, page

ROOT = Path(__file__).resolve().parents[2]


def test_the_data_fits_the_contract_and_has_the_promised_size() -> None:
    """A page of the benchmark is a valid answer of about 10 KB a workspace, always the same."""
    document = load().closed()  # known enum values only
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/components/schemas/WorkspacesResponse",
        "components": document["components"],
    }
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    content = page(100)

    problems = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in validator.iter_errors(content)
    ]

    assert problems == []
    assert 9_500 <= len(encode(content)) / 100 <= 10_500
    assert encode(content) == encode(page(100))
    assert len({workspace["id"] for workspace in content["workspaces"]}) == 100


def test_a_quick_run_measures_decoding() -> None:
    """``python -m tests.bench --quick --only decode`` ends well and prints ratios."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", "--only", "decode"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"1,000 of .* stock +\d+\.\d\dx as fast", done.stdout), done.stdout
    generated = r"1,000 of .* OpenAPI Generator +\d+\.\d\dx as fast|OpenAPI .*: not measured: \w"
    assert re.search(generated, done.stdout), done.stdout
