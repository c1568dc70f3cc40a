"""Fits Spark's implicit ALS on this machine alone; ratings lie in memory, in a part a core."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
from pyspark import SparkContext
from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession
from serve import Arrays, Fit, serve


def prepare(given: Arrays) -> Fit:
    """Start Spark and load the ratings into it."""
    cores = len(os.sched_getaffinity(0))
    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.driver.memory", "6g")
        .config("spark.ui.enabled", "false")
        # Spark's own BLAS is quickest by vector instructions, which Java lends on request alone.
        .config("spark.driver.extraJavaOptions", "--add-modules=jdk.incubator.vector")
        .getOrCreate()
    )
    ratings = spark.read.csv(str(given["csv"]), schema="user int, item int, rating float")
    ratings = ratings.repartition(cores).cache()
    ratings.count()
    blocks = {"numUserBlocks": cores, "numItemBlocks": cores}

    def fit(**settings: Any) -> tuple[float, Arrays]:
        als = ALS(implicitPrefs=True, **blocks, **settings)
        started = time.perf_counter()
        model = als.fit(ratings)
        seconds = time.perf_counter() - started
        return seconds, {**_arrays("user", model.userFactors), **_arrays("item", model.itemFactors)}

    return fit


def _arrays(side: str, factors: Any) -> Arrays:
    rows = factors.collect()
    return {
        f"{side}_idx": np.array([row.id for row in rows]),
        f"{side}_factors": np.array([row.features for row in rows], np.float32),
    }


if __name__ == "__main__":
    serve(prepare)
    SparkSession.getActiveSession().stop()
    java = SparkContext._gateway.proc
    java.stdin.close()
    java.wait()
