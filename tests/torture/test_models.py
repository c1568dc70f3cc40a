"""Hostile matrices and parameters, given to every model, in processes that may crash."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from recsys_cli.data import IdMap, Interactions
from recsys_cli.errors import DataError
from recsys_cli.models import MODELS
from tests.torture.cases import count, each, seeds
from tests.torture.model_batches import outcomes

#: Ends by a signal at its second case.
_CRASHES = """
import os, signal, sys
for line in sys.stdin:
    print("begin", line, end="", flush=True)
    if line == "b 2\\n":
        os.kill(os.getpid(), signal.SIGSEGV)
    print('{"said": "fine", "wrong": "", "case": ""}', flush=True)
"""


@seeds(quick=4, full=100, chunk=2)
def test_every_model_gives_sound_answers_or_a_clear_error(request, seeds) -> None:
    names = MODELS.names()
    found = outcomes([(name, seed) for seed in seeds for name in names])
    for seed, guard in each(request, seeds):
        with guard:
            wrong = [
                f"{name}, {one.case}:\n{one.wrong}"
                for (name, at), one in found.items()
                if at == seed and one.wrong
            ]
            assert not wrong, "\n".join(wrong)
    count(request, len(found) - len(seeds))
    fitted = sum(one.said.startswith("fitted") for one in found.values())
    assert fitted > len(found) / 4, "too few cases got beyond training"


def test_a_crash_is_laid_to_its_case_and_the_others_go_on() -> None:
    found = outcomes([("a", 1), ("b", 2), ("c", 3)], (sys.executable, "-c", _CRASHES))
    assert [one.said for one in found.values()] == ["fine", "", "fine"]
    assert "SIGSEGV" in found["b", 2].wrong


@pytest.mark.parametrize(
    "column",
    [{"value": value} for value in (np.nan, np.inf, -np.inf)]
    + [{"weight": weight} for weight in (np.nan, np.inf, 0, -1)]
    + [{"timestamp": time} for time in (-(2**63), 2**63 - 1, 880_000_000_000)]
    + [{"user_idx": at} for at in (-1, 3, 2**31 - 1, -(2**31))]
    + [{"item_idx": at} for at in (-1, 4, 2**31 - 1, -(2**31))],
    ids=str,
)
def test_what_no_model_could_take_makes_no_interactions(column) -> None:
    dtypes = {"user_idx": np.int32, "item_idx": np.int32, "value": np.float32}
    columns = {name: np.ones(5, dtype) for name, dtype in dtypes.items()}
    columns |= {"timestamp": np.ones(5, np.int64), "weight": np.ones(5, np.float32)}
    users, items = IdMap("abc"), IdMap("wxyz")
    Interactions(users, items, **columns)
    (name, value), *_ = column.items()
    columns[name][2] = value
    with pytest.raises(DataError):
        Interactions(users, items, **columns)
