"""Spatiotemporal parameters: from gait events to values with units, intervals and sides."""
