"""A Gibbs chain between two sweeps, as arrays: what a checkpoint keeps of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import DamagedRun
from recsys_cli.models._course import require_alike
from recsys_cli.models._gibbs import Sampler
from recsys_cli.models._gibbs_posterior import Posterior
from recsys_cli.models._gibbs_samples import Samples
from recsys_cli.models._gibbs_side import Prior

#: Of each side; sweeps change them in place.
_NUMBERS = ("own", "effective", "change", "weights", "errors")


class ChainState:
    """All that a sweep takes from those before it: the chain's numbers and the posterior so far.

    Parameters
    ----------
    chain : Sampler
    posterior : Posterior
    """

    def __init__(self, chain: Sampler, posterior: Posterior) -> None:
        self._chain, self._posterior = chain, posterior

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state by name."""
        return self._of_chain() | self._of_posterior()

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Go back to a state."""
        own = self._of_chain()
        require_alike({name: array for name, array in arrays.items() if name in own}, own)
        for which, side in enumerate(self._chain.sides):
            for name in _NUMBERS:
                getattr(side, name)[...] = arrays[f"{which}/{name}"]
            side.prior = Prior(arrays[f"{which}/mean"], arrays[f"{which}/precision"])
        self._chain.noise = float(arrays["noise"])
        self._chain.squared = float(arrays["squared"])
        self._restore_posterior(arrays)

    def _of_chain(self) -> dict[str, NDArray[Any]]:
        chain = self._chain
        found = {"noise": np.float64(chain.noise), "squared": np.float64(chain.squared)}
        arrays: dict[str, NDArray[Any]] = {name: np.asarray(one) for name, one in found.items()}
        for which, side in enumerate(chain.sides):
            numbers = {name: getattr(side, name) for name in _NUMBERS} | side.prior._asdict()
            arrays |= {f"{which}/{name}": array for name, array in numbers.items()}
        return arrays

    def _of_posterior(self) -> dict[str, NDArray[Any]]:
        posterior = self._posterior
        product = posterior.product
        arrays = {"count": np.asarray(product.count), "left": product.left, "right": product.right}
        arrays |= dict(zip(("user_bias", "item_bias"), posterior.biases, strict=True))
        return arrays | {f"sample/{name}": a for name, a in posterior.samples._asdict().items()}

    def _restore_posterior(self, arrays: dict[str, NDArray[Any]]) -> None:
        posterior = self._posterior
        product = posterior.product
        try:
            product.count = int(arrays["count"])
            product.left, product.right = arrays["left"], arrays["right"]
            posterior.biases = (arrays["user_bias"], arrays["item_bias"])
            posterior.samples = Samples(*(arrays[f"sample/{name}"] for name in Samples._fields))
        except KeyError as error:
            raise DamagedRun(f"the checkpoint lacks {error} of the chain") from error
