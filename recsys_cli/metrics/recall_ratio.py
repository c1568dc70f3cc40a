"""Ratio of recall between groups of users."""

from __future__ import annotations

from recsys_cli.metrics._groups import Ratio, UserGroups


class RecallRatio(Ratio, UserGroups):
    """Ratio between groups of users: smallest mean ``recall@k`` of a group of users / the largest.

    The groups are the labels of a column of the users, as in ``recall-ratio:gender@10``; see
    ``recall``. From 0 (some group gets nothing) to 1 (all groups are served alike, be it that all
    have 0). Users without a label are left out, a user with several is in several groups, and a
    group without evaluated users does not count; fewer than two groups give 1. Groups of few users
    have scores of chance, which lowers the ratio: look at their sizes. No recommendation gives 1; a
    list shorter than k counts what it has. Equal scores rank by the lower item index.

    It is no mean over users. A user's own value is by how much the total would fall without that
    user, exactly. The interval is one of the groups, from Wilson's limits of each: chance alone
    drives the first and the last of many apart, so it may end far above the value.

    RecBole, implicit, LensKit, RecTools and Elliot have none; Elliot's ``UserMADranking`` is of
    ndcg.

    References
    ----------
    Ekstrand et al., "All the cool kids, how do they fit in? Popularity and demographic biases in
    recommender evaluation and effectiveness", FAT* 2018 (accuracy by group of users).
    """

    score = "recall"

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f'smallest mean recall@{k} of a group of users by "{self.column}" divided by the '
            "largest"
        )
