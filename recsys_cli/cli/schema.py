"""``recsys schema``: the JSON Schema of a spec."""

from __future__ import annotations

NAME = "schema"


def command() -> None:
    """Print the JSON Schema of a spec, for editors."""
    from recsys_cli.cli import render
    from recsys_cli.specfile import schema

    render.print_json(schema())
