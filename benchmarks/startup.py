"""Wall clock of whole processes, from start to exit, with compiled kernels and parsed data cached.

``recsys run`` loads, splits, trains ``als`` (64 factors, 15 epochs), evaluates all users over all
items and writes the run; the other commands then read the runs that it left behind.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._data import at_hand
from benchmarks._measure import Row, in_turn, timed

SPEC = """\
name: startup
dataset: {{{dataset}, prepare: [{{name: min-value, value: 4}}]}}
split: {{name: leave-last, n: 1}}
model: {{name: als}}
evaluation: {{metrics: [ndcg@10, recall@10]}}
"""


def run(quick: bool) -> list[Row]:
    """Return each command with the seconds it is to stay within."""
    real = at_hand("100k")
    name = "ml-100k" if real else "synthetic, sized as ml-100k"
    dataset = "name: movielens, size: 100k" if real else "name: synthetic"
    with tempfile.TemporaryDirectory() as folder:
        spec, runs = Path(folder, "startup.yaml"), ("--runs", str(Path(folder, "runs")))
        spec.write_text(SPEC.format(dataset=dataset), encoding="utf-8")
        slow, fast = (1, 2) if quick else (5, 11)
        return [
            _row(f"`recsys run`, als on {name}", 4.0, slow, "run", str(spec), *runs),
            _row(f"`recsys recommend --user 196`, {name}", 1.0, fast, "recommend", *ASK, *runs),
            _row("`recsys runs`", None, fast, "runs", *runs),
            _row("`recsys --help`", 0.3, fast, "--help"),
        ]


ASK = ("--user", "196", "-k", "10")


def _row(case: str, within: float | None, repeats: int, *arguments: str) -> Row:
    command = [str(Path(sys.executable).with_name("recsys")), *arguments]

    def process() -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")

    seconds = in_turn({"ours": lambda: timed(process)}, repeats)["ours"]["fit"]
    return Row(case, seconds, within=within)
