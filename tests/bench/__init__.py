"""Benchmarks that compare, side by side in one run; started with ``python -m tests.bench``."""
