"""Write the pages that are made from the code; ``--check`` fails where they differ."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from pathlib import Path
from typing import Any

from recsys_cli.cli._abilities import VARIES, of_model
from recsys_cli.conventions import CONVENTIONS
from recsys_cli.conventions._base import Convention, Term
from recsys_cli.conventions._values import Ours
from recsys_cli.loaders import LOADERS
from recsys_cli.metrics import METRICS, parse
from recsys_cli.models import MODELS
from recsys_cli.prepare import FILTERS
from recsys_cli.published import Published, Row, Table
from recsys_cli.search import RangeSpec
from recsys_cli.spec import EvaluationSpec, RecommendSpec, SearchSpec, TrainSpec
from recsys_cli.specfile import parameters
from recsys_cli.splitters import SPLITTERS

HERE = Path(__file__).parent
RECIPES = HERE.parent / "tests/torture"
NOTICE = "<!-- Written by docs/generate.py from the docstrings; edit those. -->\n"


def table(config: Any) -> str:
    """Return the parameters of a config as a Markdown table."""
    rows = [
        f"| `{p.name}` | {cell(p.type)} | `{cell(p.written)}` | {cell(p.bounds)} | {cell(p.doc)} |"
        for p in parameters(config)
    ]
    if not rows:
        return "No parameters.\n"
    head = "| parameter | type | default | bounds | meaning |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def cell(text: object) -> str:
    """Return text that may stand in a Markdown table."""
    return " ".join(str(text or "").split()).replace("|", "\\|")


def prose(cls: type) -> str:
    """Return a docstring as Markdown: numpydoc's underlined headings become bold lines."""
    lines = inspect.cleandoc(cls.__doc__ or "").splitlines()
    out: list[str] = []
    for line in lines:
        if line and set(line) == {"-"} and out:
            out[-1] = f"**{out[-1]}**\n"
        else:
            out.append(line)
    return "\n".join(out).replace("``", "`").replace(".. math::", "").rstrip() + "\n"


def section(cls: Any, extra: str = "") -> str:
    """Return the chapter of one component."""
    return f"\n## {cls.spec_name()}\n\n{extra}{prose(cls)}"


def able(cls: Any) -> str:
    """Return what a model learns from and what it can do, in words."""
    facts = of_model(cls)
    can = facts["abilities"]
    feedback = {"either": "explicit or implicit"}.get(facts["feedback"], facts["feedback"])
    told = [f"{name} ({can[name]})" if can[name] == VARIES else name for name in can if can[name]]
    return f"Learns from {feedback} feedback; {', '.join(told)}."


def models() -> str:
    """Return models.md."""
    parts = ["# Models\n", NOTICE]
    for cls in map(MODELS.get, MODELS):
        parts.append(section(cls, f"*{able(cls)}*\n\n") + "\n" + table(cls.Config))
    return "\n".join(parts)


def metrics() -> str:
    """Return metrics.md."""
    classes = [METRICS.get(name) for name in METRICS]
    parts = ["# Metrics\n", NOTICE, (HERE / "_metrics_intro.md").read_text(encoding="utf-8")]
    parts += [overview(classes), *(section(cls) for cls in classes)]
    return "\n".join(parts)


def overview(classes: list[Any]) -> str:
    """Return all metrics as a table: how a spec writes them, what they are, which way is better."""
    rows = []
    for cls in classes:
        metric = parse(cls.example()).metric
        sentence = metric.definition(10 if cls.has_cutoff else None)
        better = "higher" if cls.higher_is_better else "lower"
        rows.append(f"| [`{cls.example()}`](#{cls.spec_name()}) | {cell(sentence)} | {better} |")
    return "| metric | definition | better |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def conventions() -> str:
    """Return conventions.md."""
    intro = (HERE / "_conventions_intro.md").read_text(encoding="utf-8")
    parts = ["# Conventions\n", NOTICE, intro]
    for cls in map(CONVENTIONS.get, CONVENTIONS):
        parts.append(section(cls) + "\n" + terms(cls))
    return "\n".join(parts)


def terms(cls: type[Convention]) -> str:
    """Return what a peer has for each metric of ours as a Markdown table."""
    rows = [
        f"| `{name}` | `{one.name.format(k='k')}` | {cell(one.definition.format(k='k'))} | "
        f"{same(one)} |"
        for name, found in cls.terms.items()
        for one in found
    ]
    head = "| ours | theirs | their number | is our |\n|---|---|---|---|\n"
    lacks = [f"`{name}`" for name in METRICS if name not in cls.terms]
    return head + "\n".join(rows) + f"\n\nNothing for {', '.join(lacks)}.\n"


def same(term: Term) -> str:
    """Return which metric of ours a peer's is, if any."""
    return f"`{term.value.name}`" if isinstance(term.value, Ours) else ""


def spec() -> str:
    """Return spec.md."""
    parts = ["# The spec\n", NOTICE, (HERE / "_spec_intro.md").read_text(encoding="utf-8")]
    for name, block in (
        ("train", TrainSpec),
        ("evaluation", EvaluationSpec),
        ("recommend", RecommendSpec),
        ("search, read by recsys tune", SearchSpec),
        ("a range of search.space", RangeSpec),
    ):
        parts.append(f"\n## {name}\n\n{table(block)}")
    parts.append("\n# The table that recsys verify reads\n")
    for name, block in (("table", Table), ("a row", Row), ("a published number", Published)):
        parts.append(f"\n## {name}\n\n{table(block)}")
    for title, registry in (
        ("Datasets", LOADERS),
        ("Filters", FILTERS),
        ("Splitters", SPLITTERS),
    ):
        parts.append(f"\n# {title}\n")
        classes = (registry.get(name) for name in registry)
        parts += [section(cls) + "\n" + table(cls.Config) for cls in classes]
    return "\n".join(parts)


def reliability() -> str:
    """Return reliability.md: each recipe's promise, command and last full count."""
    intro = (HERE / "_reliability_intro.md").read_text(encoding="utf-8")
    counts = json.loads((RECIPES / "last_full.json").read_text(encoding="utf-8"))
    files = sorted(set(RECIPES.glob("test_*.py")) - {RECIPES / "test_cases.py"})
    rows = [recipe(path, counts.get(path.name)) for path in files]
    head = (
        "| what is done | `RECSYS_TORTURE=full pytest tests/torture/` | cases | failed | s | on |\n"
    )
    return "\n".join([intro, head + "|---|---|---|---|---|---|", *rows, ""])


def recipe(path: Path, found: dict[str, Any] | None) -> str:
    """Return the row of one file of recipes, by the first paragraph of its docstring."""
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    promise = cell(told.split("\n\n")[0].replace("``", "`"))
    if found is None:
        return f"| {promise} | `{path.name}` | not yet | | | |"
    counted = f"{found['cases']:,} | {found['failed']} | {found['seconds']:,} | {found['on']}"
    return f"| {promise} | `{path.name}` | {counted} |"


def main() -> int:
    """Write the files, or compare them."""
    check = "--check" in sys.argv
    stale = []
    for name, page in (
        ("models.md", models()),
        ("metrics.md", metrics()),
        ("conventions.md", conventions()),
        ("spec.md", spec()),
        ("reliability.md", reliability()),
    ):
        path = HERE / name
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != page):
            stale.append(name)
        elif not check:
            path.write_text(page, encoding="utf-8")
    if stale:
        sys.stderr.write(f"docs out of step: {', '.join(stale)}; run python docs/generate.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
