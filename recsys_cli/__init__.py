"""recsys: an experiment runner for recommender systems, from a YAML spec to a versioned run."""

__version__ = "0.1.0"
