"""Interactions, features and splits: frozen dataclasses of arrays with checked shapes."""

from recsys_cli.data._csr import CSR, Bool, Float32, Float64, Int32, Int64, csr
from recsys_cli.data._dataset import Dataset, DatasetInfo, Split
from recsys_cli.data._features import Features, SideFeatures
from recsys_cli.data._interactions import IdMap, Interactions, concatenate
from recsys_cli.data._order import order_by

__all__ = [
    "Bool",
    "CSR",
    "Dataset",
    "DatasetInfo",
    "Features",
    "Float32",
    "Float64",
    "IdMap",
    "Int32",
    "Int64",
    "Interactions",
    "SideFeatures",
    "Split",
    "concatenate",
    "csr",
    "order_by",
]
