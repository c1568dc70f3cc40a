"""Speed and quality beside peers: one job a file, ``python -m benchmarks [JOB…] [--quick]``."""
