"""What a convention is: the metrics of one peer, computed from the same lists as ours.

A definition is what the peer's own functions compute, which tests compare with values recorded from
them (tests/metrics/fixtures/), and not what its documentation says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from recsys_cli.data import Float32, Int64
from recsys_cli.metrics import ParsedMetric
from recsys_cli.metrics._ranked import Ranked
from recsys_cli.registry import Component, Config


@dataclass(frozen=True, eq=False)
class Evidence:
    """What every number of an evaluation, ours or a peer's, is computed from.

    Attributes
    ----------
    ranked : Ranked
    rating, predicted : ndarray of float32, shape (n,)
        Of each held-out pair; ``predicted`` is empty unless a rating metric is asked.
    pair_at : ndarray of int64, shape (n,)
        The user of each pair; ascending.
    """

    ranked: Ranked
    rating: Float32
    predicted: Float32
    pair_at: Int64


class Term(NamedTuple):
    """One metric of a peer; ``{k}`` in its texts stands for the cutoff.

    ``name`` is what the peer calls it, ``definition`` one sentence that says what the number is,
    and ``value`` computes it at a cutoff: NaN where the peer would divide by nothing.
    """

    name: str
    definition: str
    value: Callable[[Evidence, int], float]


class Convention(Component[Config]):
    """How one peer defines metrics. The docstring says whom and what it counts.

    Attributes
    ----------
    peer : str
        What it is called, with the version whose functions gave the recorded values.
    terms : dict of str to sequence of Term
        By the name of our metric without its cutoff: what the peer has in its place.
    """

    peer: ClassVar[str]
    terms: ClassVar[Mapping[str, Sequence[Term]]]

    def report(self, metrics: Iterable[ParsedMetric], evidence: Evidence) -> dict[str, Any]:
        """Return what the peer would say in place of each metric; JSON-able.

        ``metrics`` holds, by our names, a list of ``{"name", "value", "definition"}``: empty where
        the peer has no such metric. A metric of ours without a cutoff is that of the whole list
        here. A value that the peer could not compute is None.
        """
        found = {parsed.name: self._of(parsed, evidence) for parsed in metrics}
        return {"peer": self.peer, "metrics": found}

    def _of(self, parsed: ParsedMetric, evidence: Evidence) -> list[dict[str, Any]]:
        k = parsed.k or evidence.ranked.items.shape[1]
        found = []
        for term in self.terms.get(parsed.metric.spec_name(), ()):
            value = float(term.value(evidence, k))
            found.append(
                {
                    "name": term.name.format(k=k),
                    "value": value if np.isfinite(value) else None,
                    "definition": term.definition.format(k=k),
                }
            )
        return found
