"""Run jobs, print their tables, keep the results and rewrite docs/performance.md."""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
from pathlib import Path

from benchmarks import _machine, _report


def jobs() -> list[str]:
    """Return the names of the jobs: the files here that do not begin with ``_``."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in found if not module.name.startswith("_"))


def run(job: str, quick: bool) -> _report.Result:
    """Run one job and return its rows."""
    module = importlib.import_module(f"benchmarks.{job}")
    others = _machine.Others()
    rows = module.run(quick)
    machine = _machine.describe() | {"others": others.share()}
    return _report.Result(job, inspect.cleandoc(module.__doc__ or ""), machine, rows)


def main() -> None:
    """Parse the command line and run the jobs that it names, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"of {', '.join(jobs())}; or all")
    parser.add_argument("--quick", action="store_true", help="small cases; keeps no results")
    asked = parser.parse_args()
    if unknown := set(asked.jobs) - set(jobs()):
        parser.error(f"unknown job {', '.join(sorted(unknown))}; known: {', '.join(jobs())}")
    for job in asked.jobs or jobs():
        result = run(job, asked.quick)
        print(f"{job}\n\n{_report.table(result.rows)}", flush=True)
        if not asked.quick:
            _report.save(result)
            _report.PAGE.write_text(_report.page(_report.saved()), encoding="utf-8")


if __name__ == "__main__":
    main()
