"""The summary of ``make torture``: what each recipe went through, for docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the cases that passed and failed, and the seconds, of every file of recipes."""
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            name = report.nodeid.split("::")[0].rpartition("/")[2]
            seconds[name] += report.duration
            passed[name] += sum(n for key, n in report.user_properties if key == "cases")
            failed[name] += outcome == "failed"
    if passed or failed:
        terminalreporter.section("torture")
    for name in sorted(seconds):
        line = f"{name:32}{passed[name]:>8,} cases passed{failed[name]:>6} tests failed"
        terminalreporter.write_line(f"{line}{seconds[name]:>9.0f} s")
