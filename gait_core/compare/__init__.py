"""Performance profiles side by side on the same video."""
