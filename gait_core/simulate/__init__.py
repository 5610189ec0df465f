"""Walkers with known truth, as noisy landmarks or rendered to video."""
