"""The pipeline before it was optimised, for comparison: what ``--disable-optimizations`` runs."""
