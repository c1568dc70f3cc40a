"""What is wrong with a command line, and which command, option or word a misspelt one means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import click

from recsys_cli.spelling import nearest

_NO_CHOICE = re.compile(r"""(["'])(?P<word>.*)\1 is not one of """, re.DOTALL)


def told(error: click.ClickException, arguments: Sequence[str]) -> str:
    """Return what is wrong in one line, with the nearest of what could stand there instead."""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and context is not None:
        word = _written(error.option_name, arguments)
        return f"No such option '{word}'." + _guess(word, _options(context))
    if (found := re.match(r"No such command '(?P<word>.*?)'\.?", error.message, re.DOTALL)) and (
        isinstance(context, click.Context) and isinstance(context.command, click.Group)
    ):
        return f"{found[0].rstrip('.')}." + _guess(found["word"], context.command.commands)
    said = " ".join(error.format_message().split())
    kind = getattr(getattr(error, "param", None), "type", None)
    if isinstance(kind, click.Choice) and (found := _NO_CHOICE.match(error.message)):
        return said + _guess(found["word"], map(_value, kind.choices))
    return said


def _written(option: str, arguments: Sequence[str]) -> str:
    """Return an option as it was typed: of ``-threads`` the parser complains as of ``-t``.

    Of ``-help`` it takes the ``-h`` and complains of ``-e``.
    """
    if len(option) != 2:
        return option
    words = (word.partition("=")[0] for word in arguments if re.match("-[^-].", word))
    return next((word for word in words if option[1] in word[1:]), option)


def _options(context: click.Context) -> list[str]:
    parameters = context.command.get_params(context)
    return [name for one in parameters for name in (*one.opts, *one.secondary_opts)]


def _value(choice: object) -> str:
    return str(getattr(choice, "value", choice))


def _guess(word: str, known: Iterable[str]) -> str:
    near = nearest(word, known)
    return f" Did you mean '{near}'?" if near else ""
