"""Decoding a page of workspaces from bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

import pydantic_core

from coder_workspaces._collector import collector_paused
from coder_workspaces._decoding import Decoder
from coder_workspaces.models import WorkspacesResponse

from . import data, openapi_generator, stock
from .floor import plain_validator
from .measure import Effort, cpu, interleave, timed
from .report import Section, cost_row, speed_row
from .setup import Setup

# Page size: seconds to measure, runs per sample, and targets against stock output, OpenAPI
# Generator's and the bare parser.
_PAGES: Final = {
    1: (5.0, 50, 2.5, None, None),
    100: (8.0, 2, 3.5, 2.7, 2.5),
    1_000: (16.0, 1, 3.0, 2.5, 2.8),
}


def run(setup: Setup) -> Section:
    """Compare with stock output, and with two parsers that only make dictionaries."""
    section = Section("decode a page of workspaces from bytes (CPU)")
    stock_page = stock.module(setup.stock_root, "models").WorkspacesResponse
    decoder = Decoder(WorkspacesResponse)  # what the client's calls of listWorkspaces use
    plain = plain_validator(WorkspacesResponse)
    generated = _of_openapi_generator(setup, section)

    def least(body: bytes) -> object:
        with collector_paused(len(body)):
            return plain.validate_json(body)

    for count, (seconds, repeat, target, generated_target, cost) in _PAGES.items():
        body = data.encode(data.page(count))
        contenders: dict[str, Callable[[bytes], object]] = {
            "ours": lambda body: decoder.json(body, operation="listWorkspaces", status=200),
            "stock": lambda body: stock_page.from_dict(json.loads(body)),
            "json": json.loads,
            "core": pydantic_core.from_json,
            "least": least,
        }
        if generated is not None:
            contenders["generated"] = generated
        samples = interleave(
            {
                name: timed(partial(decode, body), repeat=repeat)
                for name, decode in contenders.items()
            },
            setup.effort(Effort(seconds)),
        )
        ours = cpu(samples["ours"])
        name = f"{count:,} of {len(body) / count / 1000:.1f} KB"
        section.rows += [
            speed_row(name, ours, "stock", cpu(samples["stock"]), target=target),
            speed_row(name, ours, "json.loads, untyped", cpu(samples["json"])),
            cost_row(
                name,
                ours,
                "pydantic_core.from_json, untyped",
                cpu(samples["core"]),
                target=cost,
            ),
            cost_row(name, ours, "pydantic models of text alone", cpu(samples["least"])),
        ]
        if generated is not None:
            section.rows.append(
                speed_row(
                    name,
                    ours,
                    "OpenAPI Generator",
                    cpu(samples["generated"]),
                    target=generated_target,
                )
            )
    section.notes.append(
        "stock is openapi-python-client's output for the same contract, with the schema Response "
        "renamed, without which its modules fail on import: json.loads and Model.from_dict. The "
        "contract's open enums are plain strings there."
    )
    section.notes.append(
        "models of text alone are ours with enumerations, identifiers and times as strings and "
        "without fields of newer servers: what is left is the price of pydantic models as such."
    )
    return section


def _of_openapi_generator(setup: Setup, section: Section) -> Callable[[bytes], object] | None:
    """Return how the output of OpenAPI Generator decodes a page; None, and a note, without it."""
    try:
        root = openapi_generator.generate(setup.contract, setup.directory / "openapi-generator")
    except openapi_generator.NotMeasuredError as error:
        section.notes.append(f"OpenAPI Generator's Python client: not measured: {error}.")
        return None
    page = openapi_generator.module(root, "models.workspaces_response").WorkspacesResponse

    def decode(body: bytes) -> object:
        return page.from_dict(json.loads(body))

    return decode
