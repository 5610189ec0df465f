"""Gait events: when each foot meets and leaves the floor."""
