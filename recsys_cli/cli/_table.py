"""A table as text, within a width; a thousand rows take hundredths of a second."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from recsys_cli.visible import visible

#: Left, fill, between and right of the lines above the header, below it, and below the rows.
_TOP, _HEAD, _END = "┏━┳┓", "┡━╇┩", "└─┴┘"
_HEADER, _ROW = "┃", "│"
#: For an output that has no such signs.
ASCII = str.maketrans("┏━┳┓┡╇┩└─┴┘┃│", "+-++++++-++||")


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, bold: str
) -> str:
    """Return a table; a column whose name begins with ``>`` is aligned to the right.

    Parameters
    ----------
    columns, rows : sequences of str
    width : int, optional
        Of the terminal: what is too wide is folded. None: nothing is.
    bold : str
        How a name in the header is written: ``"{}"`` without style.
    """
    right = [name.startswith(">") for name in columns]
    cells = [[name.removeprefix(">") for name in columns], *([*map(_clean, row)] for row in rows)]
    sizes = [[_widest(cell) for cell in row] for row in cells]
    widths = _fitted([max(column) for column in zip(*sizes, strict=True)], width)
    head, *body = (_lines(*row, widths, right) for row in zip(cells, sizes, strict=True))
    header = [[bold.format(cell) for cell in line] for line in head]
    return "".join(
        [
            _rule(_TOP, widths),
            *(_line(_HEADER, line) for line in header),
            _rule(_HEAD, widths),
            *(_line(_ROW, line) for row in body for line in row),
            _rule(_END, widths),
        ]
    )


def _clean(cell: str) -> str:
    return cell if cell.isprintable() else visible(cell.replace("\t", " "), keep="\n")


def _width(text: str) -> int:
    """Return how many places of a terminal a line takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _widest(cell: str) -> int:
    return max(map(_width, cell.split("\n"))) if "\n" in cell else _width(cell)


def _fitted(widths: list[int], total: int | None) -> list[int]:
    """Return the widths of columns, the widest of them narrowed until the table fits."""
    if total is not None:
        room = total - 3 * len(widths) - 1
        while sum(widths) > max(room, len(widths)):
            widths[max(range(len(widths)), key=lambda at: (widths[at], at))] -= 1
    return widths


def _lines(
    row: Sequence[str], sizes: Sequence[int], widths: list[int], right: list[bool]
) -> list[list[str]]:
    """Return the lines of a row, each of cells padded to their widths."""
    folded = [
        [cell] if size <= width and "\n" not in cell else _fold(cell, width)
        for cell, size, width in zip(row, sizes, widths, strict=True)
    ]
    return [
        [_pad(*cell) for cell in zip(line, widths, right, strict=True)]
        for line in zip_longest(*folded, fillvalue="")
    ]


def _pad(text: str, width: int, right: bool) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank


def _fold(cell: str, width: int) -> list[str]:
    """Return the lines of a cell: broken between words, and within one that is too long."""
    lines = []
    for text in cell.split("\n"):
        line = ""
        for word in text.split(" ") if _width(text) > width else ():
            longer = f"{line} {word}" if line else word
            if _width(longer) > width:
                *whole, longer = [*([line] if line else []), *_chopped(word, width)]
                lines += whole
            line = longer
        lines.append(line or (text if _width(text) <= width else ""))
    return lines


def _chopped(word: str, width: int) -> list[str]:
    if _width(word) <= width:
        return [word]
    from rich.cells import chop_cells

    return chop_cells(word, width)


def _rule(signs: str, widths: list[int]) -> str:
    left, fill, between, right = tuple(signs)
    return left + between.join(fill * (width + 2) for width in widths) + right + "\n"


def _line(edge: str, cells: list[str]) -> str:
    return f"{edge} " + f" {edge} ".join(cells) + f" {edge}\n"
