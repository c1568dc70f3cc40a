"""Wall clock of whole processes, from start to exit, with compiled kernels and parsed data cached.

``recsys run`` loads, splits, trains ``als`` (64 factors, 15 epochs), evaluates all users over all
items and writes the run; the other commands then read the runs that it left behind. The folder of
1,000 runs holds copies of a small one. The run of 138,493 users, 26,744 items and 64 factors, with
the history of each user, is drawn, not trained: what a command reads of it is the same. Memory is
the most that the process held, Python and libraries included.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._data import at_hand
from benchmarks._large_run import NAME as LARGE
from benchmarks._made_up import Shape
from benchmarks._measure import Row, in_turn, timed

SPEC = """\
name: startup
dataset: {{{dataset}, prepare: [{{name: min-value, value: 4}}]}}
split: {{name: leave-last, n: 1}}
model: {{name: als}}
evaluation: {{metrics: [ndcg@10, recall@10]}}
"""
WHOLE, QUICK = Shape(138_493, 26_744, 11_100_000, 64), Shape(5_000, 2_000, 200_000, 64)
#: Tells the most that the process held since it became a Python, which the times are not of.
PROBE = """
import atexit, pathlib, re, sys
def tell():
    status = pathlib.Path("/proc/self/status").read_text()
    sys.stderr.write("\\n" + re.search(r"VmHWM:\\s+(\\d+)", status)[1])
atexit.register(tell)
from recsys_cli.cli import main
main()
"""


def run(quick: bool) -> list[Row]:
    """Return each command with the seconds it is to stay within."""
    real = at_hand("100k")
    name = "ml-100k" if real else "synthetic, sized as ml-100k"
    dataset = "name: movielens, size: 100k" if real else "name: synthetic"
    shape, copies = (QUICK, 50) if quick else (WHOLE, 1000)
    slow, fast = (1, 2) if quick else (5, 11)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        spec, runs = folder / "startup.yaml", ("--runs", str(folder / "runs"))
        spec.write_text(SPEC.format(dataset=dataset), encoding="utf-8")
        trained = _row(f"`recsys run`, als on {name}", 4.0, slow, "run", str(spec), *runs)
        _many(folder / "runs" / "startup-1", folder / "many", copies)
        many = ("--runs", str(folder / "many"))
        _large(folder / "large", shape)
        large = (LARGE, "--runs", str(folder / "large"))
        user, item = str(shape.users // 2), str(shape.items // 2)
        size = f"{shape.users:,} users"
        return [
            trained,
            _row("`recsys --help`", 0.25, fast, "--help"),
            _row(f"`recsys runs`, {copies:,} runs", 0.4, fast, "runs", *many),
            _row("`recsys recommend --user 196`, the former", None, fast, "recommend", *ASK, *runs),
            _row(f"`recsys recommend --user`, {size}", 0.6, fast, "recommend", "-u", user, *large),
            _row(f"`recsys similar --item`, {size}", 0.6, fast, "similar", "--item", item, *large),
        ]


ASK = ("--user", "196", "-k", "10")


def _many(run: Path, folder: Path, copies: int) -> None:
    """Fill a folder with copies of a run, each under an id of its own."""
    for number in range(1, copies + 1):
        shutil.copytree(run, folder / f"startup-{number}")


def _large(folder: Path, shape: Shape) -> None:
    command = [sys.executable, "-m", "benchmarks._large_run", str(folder), *map(str, shape)]
    subprocess.run(command, check=True)


def _row(case: str, within: float | None, repeats: int, *arguments: str) -> Row:
    command = [str(Path(sys.executable).with_name("recsys")), *arguments]
    seconds = in_turn({"ours": lambda: timed(lambda: _done(command))}, repeats)["ours"]["fit"]
    held = _done([sys.executable, "-c", PROBE, *arguments]).splitlines()[-1]
    return Row(case, seconds, within=within, memory=[int(held) / 1e3, None])


def _done(command: list[str]) -> str:
    """Return what a command wrote on standard error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return done.stderr
