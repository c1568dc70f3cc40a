"""Gap of exposure between groups of items."""

from __future__ import annotations

import numpy as np

from recsys_cli.metrics._exposure import ItemGroups
from recsys_cli.metrics._groups import Gap


class ExposureGap(Gap, ItemGroups):
    """Gap between groups of items: largest less smallest relative exposure in the first k places.

    A place of rank r gives exposure ``1 / log2(r + 1)``. A group's score is its share of the
    exposure that labelled items get from all lists, divided by its share of the labelled
    candidates: 1 is parity. From 0 (every group has its share) to the labelled candidates over the
    smallest group. Groups are the labels of a column of the items, as in ``exposure-gap:genre@10``;
    an item with several labels is in several groups, with all of its exposure in each, and one
    without a label in none. A group without candidates does not count; fewer than two groups, or no
    recommendation at all, give 0. A list shorter than k counts what it has. Relevance plays no
    part, yet the users are those evaluated. Equal scores rank by the lower item index.

    It is no mean over users. A user's own value is by how much the total would fall without that
    user, exactly. The interval is one of the groups, from Wilson's limits of each: chance alone
    drives the first and the last of many apart, so it may begin far below the value.

    RecBole, implicit, LensKit and RecTools have none. Elliot's ``RSP`` is the standard deviation of
    the groups' shares over their mean, all ranks alike.

    References
    ----------
    Singh and Joachims, "Fairness of exposure in rankings", KDD 2018, sections 3 and 4.1 (position
    bias and demographic parity).
    """

    bounds = (0.0, np.inf)

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"largest less smallest share of the exposure in the first {k} places over share of "
            f'the candidates, of the groups of items by "{self.column}"'
        )
