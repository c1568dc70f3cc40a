"""The summary of ``make torture``, kept for docs/reliability.md; and the process that forks."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.torture.cases import FULL, ONE
from tests.torture.forks import Forks

KEPT = Path(__file__).with_name("last_full.json")


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """A process whose forks run commands under the shim."""
    made = Forks(tmp_path_factory.mktemp("forks"))
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int) -> None:
    """Print the cases that passed and failed, and the seconds, of every file of recipes."""
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            name = report.nodeid.split("::")[0].rpartition("/")[2]
            seconds[name] += getattr(
                report, "duration", 0.0
            )  # a file that cannot be imported has none
            failed[name] += outcome != "passed"
            cases = [n for key, n in getattr(report, "user_properties", ()) if key == "cases"]
            passed[name] += sum(cases) if cases else outcome == "passed"
    if seconds:
        terminalreporter.section("torture")
    for name in sorted(seconds):
        line = f"{name:32}{passed[name]:>8,} cases passed{failed[name]:>6} tests failed"
        terminalreporter.write_line(f"{line}{seconds[name]:>9.0f} s")
    if FULL and exitstatus in (0, 1) and _whole(terminalreporter.config):
        _keep(
            {n: {"cases": passed[n], "failed": failed[n], "seconds": seconds[n]} for n in seconds}
        )


def _whole(config: Any) -> bool:
    """Return whether files were run whole: what a selection went through is no full count."""
    chosen = config.option.keyword or config.option.markexpr or config.option.maxfail
    chosen = chosen or config.getoption("lf", default=False) or ONE is not None
    return not chosen and not any("::" in asked for asked in config.args)


def _keep(found: dict[str, dict[str, Any]]) -> None:
    """Write down the counts of recipes that went through cases, beside those of earlier times."""
    known = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    for name, counts in found.items():
        if counts["cases"]:
            known[name] = {**counts, "seconds": round(counts["seconds"]), "on": day}
    KEPT.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
