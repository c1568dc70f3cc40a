"""The embedded dataset: artificial film ratings, made by code from a seed."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli.data import Dataset, DatasetInfo, Features, IdMap, Interactions, SideFeatures
from recsys_cli.fingerprint import digest
from recsys_cli.loaders._base import Loader, LoaderConfig
from recsys_cli.loaders._synthetic_names import GENDERS, GENRES, OCCUPATIONS, titles
from recsys_cli.loaders._synthetic_rows import make_rows
from recsys_cli.loaders._synthetic_truth import Truth
from recsys_cli.loaders._synthetic_world import World, make_world
from recsys_cli.seeding import generator

#: Bytes that making the data takes for each rating, user and item, beside the factors.
_ROW, _PERSON, _FILM = 60, 500, 2000
VERSION = 1
"""Raised whenever the same parameters would give other data."""


class SyntheticConfig(LoaderConfig):
    """Parameters of :class:`Synthetic`."""

    users: int = Field(943, ge=2, le=100_000_000)
    """Number of users; their ids are ``1``, ``2``, …"""
    items: int = Field(1682, ge=10, le=10_000_000)
    """Number of items; their ids are ``1``, ``2``, … A few may have no ratings."""
    interactions: int = Field(100_000, ge=2)
    """Number of ratings: at least one a user, at most half of all pairs."""
    factors: int = Field(8, ge=1, le=64)
    """Number of latent factors of the true tastes."""
    noise: PositiveFloat = Field(0.8, le=10)
    """Standard deviation of a rating around its mean, in stars, before rounding to 1 … 5."""
    drift: NonNegativeFloat = Field(0.4, le=10)
    """Movement of tastes and log popularity over half the window, relative to unit spread."""
    seed: NonNegativeInt = 0
    """Seed of the data. It is part of the dataset: the experiment's seed never changes the data."""

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        if not self.users <= self.interactions <= self.users * self.items // 2:
            raise PydanticCustomError(
                "interactions",
                "interactions must be at least users and at most users * items / 2",
            )
        return self


class Synthetic(Loader[SyntheticConfig]):
    """Artificial film ratings with a known truth; nothing in them comes from a real person or film.

    Tastes are low-rank plus biases of users and items, and follow the item's genres and the user's
    occupation; popularity follows Zipf's law with a flat head, activity a log-normal law. Tastes
    and popularity drift over seven months. What a user rates is not missing at random: a pair is
    the likelier to be seen the more popular the item and the more it appeals to the user. The rows
    are in order of time.
    """

    def load(self) -> Dataset:
        """Make the dataset; about a second for the default 100,000 ratings."""
        config, world = self.config, self._world()
        rows = make_rows(world, config.noise, config.seed)
        users = IdMap(str(i) for i in range(1, config.users + 1))
        items = IdMap(str(i) for i in range(1, config.items + 1))
        return Dataset(
            interactions=Interactions(users, items, *rows, scale=(1.0, 5.0)),
            info=self._info(),
            titles=self._titles(),
            features=SideFeatures(self._people(users, world), _films(items, world)),
        )

    @property
    def load_bytes(self) -> int:
        """About how many bytes :meth:`load` holds at its peak."""
        config = self.config
        people = config.users * (24 * config.factors + _PERSON)
        return people + config.items * (24 * config.factors + _FILM) + _ROW * config.interactions

    def truth(self) -> Truth:
        """Return what the ratings are drawn from; the same truth at every call."""
        return Truth(self._world(), self.config.noise)

    def _world(self) -> World:
        config = self.config
        return make_world(
            config.users,
            config.items,
            config.interactions,
            config.factors,
            config.drift,
            config.seed,
        )

    def _info(self) -> DatasetInfo:
        return DatasetInfo(
            name="synthetic",
            description="Artificially generated film ratings: no real user, film or rating. "
            "Results on them say nothing about results on MovieLens or any other real data.",
            licence="Made by recsys itself; free to use for any purpose.",
            citation=f"recsys synthetic data, version {VERSION}",
            source_hash=digest(self.config.describe(), VERSION),
            synthetic=True,
        )

    def _titles(self) -> list[str]:
        age = generator(self.config.seed, "synthetic-years").exponential(12, self.config.items)
        return titles(1997 - np.minimum(age, 70).astype(np.int64))

    def _people(self, users: IdMap, world: World) -> Features:
        rng = generator(self.config.seed, "synthetic-people")
        gender = rng.choice(len(GENDERS), p=[0.6, 0.37, 0.03], size=len(users))
        age = np.clip(rng.normal(34, 12, len(users)), 12, 80)
        return Features(
            users,
            categorical={
                "gender": [GENDERS[i] for i in gender.tolist()],
                "occupation": [OCCUPATIONS[i] for i in world.occupation.tolist()],
            },
            numeric={"age": np.floor(age).astype(np.float32)},
        )


def _films(items: IdMap, world: World) -> Features:
    genres = [tuple(GENRES[j] for j in np.flatnonzero(row)) for row in world.genres]
    return Features(items, multilabel={"genre": genres})
