"""Numba on plain arrays: CSR triplets and float32 factors in, updated in place."""
