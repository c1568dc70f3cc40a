"""A process that goes through cases of models, naming each before it begins: a crash has a name.

``python -m tests.torture.model_worker SECONDS`` reads a line ``MODEL SEED`` a case, and writes
``begin MODEL SEED`` and one JSON object. A case that takes longer ends the process.
"""

from __future__ import annotations

import faulthandler
import json
import resource
import sys
import time
import traceback
import warnings

from tests.torture.model_cases import case
from tests.torture.model_probes import go_through

#: Bytes of address space: what asks for more is told so, and does not bring down the machine.
_MOST = 12 << 30


def main() -> None:
    """Go through the cases on stdin."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST, _MOST))
    limit = float(sys.argv[1])
    for line in sys.stdin:
        model, seed = line.split()
        _say(f"begin {model} {seed}")
        faulthandler.dump_traceback_later(limit, exit=True)
        _say(json.dumps(_outcome(model, int(seed))))
        faulthandler.cancel_dump_traceback_later()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _outcome(model: str, seed: int) -> dict[str, str | float]:
    found, started = case(model, seed), time.perf_counter()
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        try:
            said, wrong = go_through(found, seed), ""
        except Exception:
            said, wrong = "", traceback.format_exc()
    if noted and not wrong:
        one = noted[0]
        wrong = f"a warning was printed: {one.filename}:{one.lineno}: {one.message}"
    seconds = round(time.perf_counter() - started, 3)
    return {"said": said, "wrong": wrong, "case": found.told, "seconds": seconds}


if __name__ == "__main__":
    main()
