"""Every measurement that docs/benchmarks.md quotes."""
