"""Simulated walkers with known truth: kinematic model, impairments, rendering, and a fast path without images."""
