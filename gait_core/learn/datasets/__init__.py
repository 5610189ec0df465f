"""Labelled walks that a classifier learns from: reading them, checking them and making simulated ones."""
