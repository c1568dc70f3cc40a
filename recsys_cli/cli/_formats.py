"""Tables as text for other programs: CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from recsys_cli.errors import SpecError
from recsys_cli.visible import visible

Format = StrEnum("Format", ["table", "json", "csv", "md", "latex"])
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", metavar="FORMAT", help=f"One of {', '.join(Format)}."),
]
#: A number with a sign, which LaTeX sets as one only in mathematics; als-1 is none.
_NUMBER = re.compile(r"(?<!\S)[+-][0-9.,]+(?!\S)")
#: What LaTeX would read as a command. A tilde and a caret are accents there, not signs.
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "…": r"\dots{}",
    "–": "--",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def chosen(asked: Format | None, json: bool) -> Format:
    """Return the format asked for; ``--json`` is short for ``--format json``.

    Raises
    ------
    SpecError
        If the two disagree.
    """
    if json and asked not in (None, Format.json):
        raise SpecError(f"--json and --format {asked} are two formats", hint="give one of them")
    return Format.json if json else asked or Format.table


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as CSV: numbers in full, nothing where there is no value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([columns, *rows])
    return out.getvalue()


def as_markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; a column whose name begins with ``>`` is aligned to the right."""
    head = [column.removeprefix(">") for column in columns]
    rule = ["---:" if column.startswith(">") else "---" for column in columns]
    lines = ["| " + " | ".join(map(_markdown, row)) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|" + "|".join(rule) + "|", *lines[1:]]) + "\n"


def as_latex(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a LaTeX ``tabular`` with the rules of the package booktabs."""
    layout = "".join("r" if column.startswith(">") else "l" for column in columns)
    head, *lines = [
        " & ".join(map(_latex, row)) + r" \\"
        for row in [[column.removeprefix(">") for column in columns], *rows]
    ]
    return "\n".join(
        [
            r"% \usepackage{booktabs}",
            rf"\begin{{tabular}}{{{layout}}}",
            r"\toprule",
            head,
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _markdown(cell: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", _line(cell))


def _line(cell: str) -> str:
    return visible(" ".join(cell.split()))


def _latex(cell: str) -> str:
    text = "".join(_LATEX.get(sign, sign) for sign in _line(cell))
    return _NUMBER.sub(lambda found: f"${found.group()}$", text)
