"""Python and the packages: what is installed, against what recsys requires."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from recsys_cli.diagnosis._finding import Finding
from recsys_cli.errors import NotFound

_DISTRIBUTION = "recsys-cli"
_BOUND = re.compile(r"(>=|<)\s*([0-9.]+)")


def python(_: Path) -> Iterator[Finding]:
    """Look at the interpreter."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    try:
        needed = metadata.metadata(_DISTRIBUTION)["Requires-Python"] or ""
    except metadata.PackageNotFoundError:
        needed = ""
    if within(platform.python_version(), needed):
        yield Finding("python", found)
    else:
        advice = "install recsys-cli in an environment of another Python"
        yield Finding("python", f"{found}; {needed} is needed", advice, NotFound)


def packages(_: Path) -> Iterator[Finding]:
    """Look at every requirement, as the installation itself states it."""
    try:
        lines = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        advice = "pip install -e . in its folder: then versions are checked and recorded"
        yield Finding(_DISTRIBUTION, "runs from a folder that is not installed", advice)
        return
    for line in lines:
        if "extra ==" not in line:
            yield _package(line.partition(";")[0].strip())


def _package(requirement: str) -> Finding:
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    advice = f"pip install '{requirement}'"
    try:
        # None, against its signature, where the files of the installation are damaged.
        found: str | None = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, "is not installed", advice, NotFound)
    if not found:
        return Finding(name, "its installation is damaged", f"{advice} --force-reinstall", NotFound)
    if not within(found, requirement):
        needed = requirement.removeprefix(name)
        return Finding(name, f"{found}; {needed} is needed", advice, NotFound)
    return Finding(name, found)


def within(version: str, bounds: str) -> bool:
    """Return whether a version lies within bounds such as ``>=2.0,<3``."""
    found = _release(version)
    for sign, text in _BOUND.findall(bounds):
        bound = _release(text)
        if (found < bound) == (sign == ">="):
            return False
    return True


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with, without zeros at the end."""
    match = re.match(r"\d+(?:\.\d+)*", text)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
