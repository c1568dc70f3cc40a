"""What differs between two runs of one spec: data, spec, code, versions, machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

_PACKAGE = "recsys-cli"
#: Keys of a spec that change no result.
_NAMING = ("name", "search")
Facts = Mapping[str, str | None]


@dataclass(frozen=True)
class Difference:
    """One fact of a run that is another now; None where there was, or is, no such fact."""

    kind: Literal["data", "spec", "code", "versions", "machine"]
    name: str
    then: str | None
    now: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.then or 'none'} → {self.now or 'none'}"


def differences(
    then: Mapping[str, Any], now: Mapping[str, Any], specs: tuple[Any, Any] | None = None
) -> list[Difference]:
    """Return what differs between two records of runs, by kind and then by name.

    Parameters
    ----------
    then, now : mapping
        What ``run.json`` holds: ``environment`` and, where it is known, ``dataset``.
    specs : (document, document), optional
        The complete specs, then and now: a newer recsys may know more keys.
    """
    found = list(_changed("data", _data(then), _data(now)))
    if specs is not None:
        found += _changed("spec", *map(_flat, specs))
    before, after = then["environment"], now["environment"]
    found += _code(before, after)
    libraries = [dict(one.get("versions", {})) for one in (before, after)]
    for one in libraries:
        one.pop(_PACKAGE, None)
    found += _changed("versions", *libraries)
    found += _changed("machine", _machine(before), _machine(after))
    return found + _blas(before, after)


def _changed(kind: Any, then: Facts, now: Facts) -> Iterator[Difference]:
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield Difference(kind, name, then.get(name), now.get(name))


def _data(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of the source files: features are in them, and in no other fingerprint."""
    source = record.get("dataset", {}).get("source_hash")
    return {"source files": str(source)[:12]} if source else {}


def _flat(value: Any, path: str = "") -> dict[str, str]:
    """Return the text of every value by its dotted key, such as ``model.factors``."""
    if isinstance(value, dict):
        parts = [(f"{path}.{key}" if path else str(key), one) for key, one in value.items()]
        return {
            key: text
            for name, one in parts
            if name not in _NAMING
            for key, text in _flat(one, name).items()
        }
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return _flat({str(at): one for at, one in enumerate(value)}, path)
    return {path: value if isinstance(value, str) else json.dumps(value)}


def _code(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Return what is known of the code; with uncommitted changes a commit does not name it."""
    facts: list[dict[str, str]] = []
    dirty: list[str | None] = []
    for environment in (then, now):
        git = environment.get("git") or {}
        commit, version = git.get("commit"), environment.get("versions", {}).get(_PACKAGE)
        found = {_PACKAGE: version, "commit": commit and commit[:12]}
        facts.append({name: value for name, value in found.items() if value})
        dirty.append(("yes" if git["dirty"] else "no") if git else None)
    changed = list(_changed("code", *facts))
    return changed + ([Difference("code", "uncommitted changes", *dirty)] if "yes" in dirty else [])


def _machine(environment: Mapping[str, Any]) -> dict[str, str]:
    cpu = environment.get("cpu", {})
    facts = {
        "python": environment.get("python"),
        "platform": environment.get("platform"),
        "cpu": cpu.get("model"),
        "cores": cpu.get("cores"),
        "threads": cpu.get("threads"),
    }
    return {name: str(value) for name, value in facts.items() if value is not None}


def _blas(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Return the difference of the BLAS libraries.

    A library is seen once something has loaded it, and more is loaded by evaluation than by
    training: one that only one of the two has says nothing unless the other has one of its own.
    """
    keep = ("internal_api", "version", "architecture")
    seen = [
        {
            " ".join(str(one[key]) for key in keep if key in one)
            for one in environment.get("blas", [])
        }
        for environment in (then, now)
    ]
    if seen[0] <= seen[1] or seen[1] <= seen[0]:
        return []
    return [Difference("machine", "BLAS", *(", ".join(sorted(one)) for one in seen))]
