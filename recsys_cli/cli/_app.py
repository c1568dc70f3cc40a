"""The app: its commands, and one place where an exception becomes a message and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import click
import typer

from recsys_cli.cli import (
    check,
    compare,
    data,
    doctor,
    evaluate,
    list_,
    recommend,
    regress,
    run_,
    runs,
    schema,
    show,
    similar,
    train,
)
from recsys_cli.errors import RecsysError

INTERRUPTED = 130


def build() -> typer.Typer:
    """Return the app with every command."""
    app = typer.Typer(
        name="recsys",
        help="Run recommender experiments: a YAML spec in, a versioned run folder out.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_version)
    for module in (run_, train, evaluate, recommend, similar, runs, show, compare):
        app.command(name=module.NAME)(module.command)
    for module in (list_, check, schema, doctor, regress):
        app.command(name=module.NAME)(module.command)
    app.add_typer(data.app, name="data")
    return app


def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    """Run recommender experiments: a YAML spec in, a versioned run folder out."""
    if version:
        from recsys_cli import __version__

        typer.echo(f"recsys {__version__}")
        raise typer.Exit


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code."""
    try:
        code: Any = build()(args=arguments, prog_name="recsys", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        typer.echo(error.ctx.get_help() if error.ctx else "")
        return 2
    except click.ClickException as error:
        hint = f"\nrecsys {_command(error)}--help says what it takes"
        return _say(error.format_message() + hint, error.exit_code)
    except RecsysError as error:
        _debug()
        return _say(str(error), error.exit_code)
    except MemoryError:
        _debug()
        return _say("memory ran out\ntake a smaller dataset, fewer factors or fewer threads", 7)
    except OSError as error:
        _debug()
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        return _say(str(error), 7 if full else 1)
    except Exception as error:
        _debug()
        hint = "\nthis is a defect of recsys; RECSYS_DEBUG=1 shows the traceback"
        return _say(f"unexpected {type(error).__name__}: {error}{hint}", 1)


def _command(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.info_name} " if context is not None and context.parent else ""


def _debug() -> None:
    if os.environ.get("RECSYS_DEBUG") == "1":
        import traceback

        traceback.print_exc()


def _say(text: str, code: int) -> int:
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    typer.echo(
        typer.style("error: ", fg="red", bold=True) + text if colour else f"error: {text}", err=True
    )
    return code
