"""Judge the healthy server and client with many seeds: nothing may fail.

`python -m tests.conformance.seeds --seeds 1-30`; what each seed gave is appended to
build/selftest/seeds.jsonl.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tests.conformance.selftest.records import FOLDER, facts

Json = dict[str, Any]
RESULTS = FOLDER / "seeds.jsonl"
_LIMIT = 1800


def main() -> int:
    """Run the seeds that were asked for; 0 when every one of them was conformant."""
    options = _parser().parse_args()
    done = {line["seed"]: line for line in recorded() if options.resume}
    left = [seed for seed in options.seeds if seed not in done]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    bad = sum(not line["conformant"] for line in done.values() if line["seed"] in options.seeds)
    with ThreadPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(judge, seed, options.arguments) for seed in left]
        for ready in as_completed(waiting):
            line = {**ready.result(), "facts": facts(options.jobs)}
            with RESULTS.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(line)}\n")
            bad += not line["conformant"]
            said = "conformant" if line["conformant"] else line["sentence"]
            print(f"seed {line['seed']:<6} {line['seconds']:7.1f} s  {said}", flush=True)
            for name in line["failed"] + line["errors"]:
                print(f"             {name}", flush=True)
    print(f"{len(options.seeds)} seeds: {bad} not conformant")
    return 1 if bad else 0


def recorded() -> list[Json]:
    """What is known of seeds that ran already."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def judge(seed: int, arguments: Iterable[str]) -> Json:
    """Run the suite on everything that is healthy with one seed."""
    with tempfile.TemporaryDirectory(prefix="seeds-") as folder:
        command = [sys.executable, "-m", "coder_conformance", "run", f"--seed={seed}"]
        command += [f"--reports={folder}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=False)
        path = Path(folder) / "report.json"
        if not path.exists():
            said = " ".join((done.stdout + done.stderr).split())[-300:]
            return _line(seed, done.returncode, {}, f"no report: {said}")
        report: Json = json.loads(path.read_text(encoding="utf-8"))
        return _line(seed, done.returncode, report, report["sentence"])


def _line(seed: int, status: int, report: Json, sentence: str) -> Json:
    results: list[Json] = report.get("results", [])

    def named(outcome: str) -> list[str]:
        return sorted(
            {f"{r['requirement']} on {r['operation']}" for r in results if r["outcome"] == outcome}
        )

    outcomes = Counter(result["outcome"] for result in results)
    # A requirement that could not be judged is no failure of anybody, and yet not what is wanted.
    conformant = status == 0 and not outcomes["failed"] and not outcomes["error"]
    return {
        "seed": seed,
        "status": status,
        "conformant": conformant,
        "sentence": sentence,
        "seconds": round(report.get("seconds", 0.0), 1),
        "outcomes": dict(outcomes),
        "failed": named("failed"),
        "errors": named("error"),
    }


def _seeds(text: str) -> list[int]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 7 or 1-30")
    return list(range(int(match[1]), int(match[2] or match[1]) + 1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="seeds", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=_seeds("1-30"), help="such as 1-30")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    parser.add_argument("--resume", action="store_true", help="pass over seeds that are recorded")
    parser.add_argument("arguments", nargs="*", help="more arguments of each run, behind --")
    return parser


if __name__ == "__main__":
    sys.exit(main())
