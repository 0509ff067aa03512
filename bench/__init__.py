"""Benchmarks, as ratios within one run. README.md has the method."""
