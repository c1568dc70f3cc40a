"""The app: its commands, and one place where an exception becomes a message and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click
import typer

from recsys_cli import interruption
from recsys_cli.cli.render import full_disk, silence
from recsys_cli.errors import NotFound, OutOfResources, RecsysError, need
from recsys_cli.visible import visible

#: The modules of commands, in the order of the help; ``_`` after a name keeps it off a built-in.
COMMANDS = (
    *("run_", "train", "evaluate", "recommend", "similar", "runs", "show", "compare"),
    *("tune", "verify", "reproduce", "list_", "check", "schema", "doctor", "regress", "data"),
)
INTERRUPTED = 130
#: Between the lines of a message, and no part of any.
_BREAK = "\n"
#: Characters of such a line that are shown: a path may have thousands.
_LONGEST = 2000


def build(modules: Iterable[str] = COMMANDS) -> click.Command:
    """Return the app with the commands of these modules."""
    app = typer.Typer(
        name="recsys",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in modules:
        module = importlib.import_module(f"recsys_cli.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=module.NAME)
        else:
            app.command(name=module.NAME)(module.command)
    return typer.main.get_command(app)


def _asked(arguments: list[str]) -> list[str]:
    """Return the modules that a command line needs: one where it begins with a command's name."""
    named = [module for module in COMMANDS if module.rstrip("_") in arguments[:1]]
    return named or list(COMMANDS)


def _print_version(wanted: bool) -> None:
    if wanted:
        from recsys_cli import __version__

        typer.echo(f"recsys {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Run recommender experiments: a YAML spec in, a versioned run folder out."""


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code."""
    try:
        _invoke(arguments)
        with full_disk():
            sys.stdout.flush()
        return 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        typer.echo(error.ctx.get_help() if error.ctx else "")
        return 2
    except click.ClickException as error:
        return _fail(*_usage(error, arguments), error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        return _fail("interrupted", None, getattr(error, "code", INTERRUPTED))
    except BrokenPipeError:
        silence(sys.stdout)
        return 0
    except Exception as error:
        if (interrupted := interruption.received()) is not None:
            # It came as a module was being imported, say, which made another error of it.
            return _fail("interrupted", None, interrupted.code)
        if os.environ.get("RECSYS_DEBUG") == "1":
            sys.excepthook(type(error), error, error.__traceback__)
        return _fail(*_explain(error))


def _invoke(arguments: list[str]) -> None:
    """Run a command; not by click's own ``main``, which would exit 1 where a pipe is closed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        hint = "cd to one that is there"
        raise NotFound("the folder that you are in was deleted", hint=hint) from None
    app = build(_asked(arguments))
    if "_RECSYS_COMPLETE" in os.environ:
        app.main(args=arguments, prog_name="recsys")
    with app.make_context("recsys", list(arguments)) as context:
        app.invoke(context)


def _usage(error: click.ClickException, arguments: list[str]) -> tuple[str, str]:
    from recsys_cli.cli._mistakes import told

    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "recsys"
    return told(error, arguments), f"{command} --help says what it takes"


def _explain(error: Exception) -> tuple[str, str | None, int]:
    """Return what to say of an exception, what to do about it, and the exit code."""
    if getattr(error.__cause__ or error, "errno", 0) == errno.ENAMETOOLONG:
        return "a path is longer than files can have", "take a shorter name", 2
    if isinstance(error, RecsysError):
        return str(error), None, error.exit_code
    if isinstance(error, MemoryError):
        hint = "lower model.factors, take fewer --threads or a smaller dataset"
        told = f"{hint}; recsys run SPEC --dry-run says what is needed"
        return "memory ran out", told, OutOfResources.exit_code
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return where + (error.strerror or str(error)), need(error), OutOfResources.exit_code
    hint = "this is a defect of recsys; RECSYS_DEBUG=1 shows the traceback"
    return f"unexpected {type(error).__name__}: {error}", hint, 1


def _fail(message: str, hint: str | None, code: int) -> int:
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    label = typer.style("error:", fg="red", bold=True) if colour else "error:"
    said = visible(_BREAK.join(filter(None, [message, hint])), keep=_BREAK)
    told = _BREAK.join(line[:_LONGEST] for line in said.split(_BREAK))
    for stream, text in ((sys.stdout, ""), (sys.stderr, f"{label} {told}{_BREAK}")):
        try:
            stream.write(text)
            stream.flush()
        except OSError:  # the terminal is gone, say; the exit code still tells
            silence(stream)
    return code
