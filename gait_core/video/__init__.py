"""Video files: probe, decode, encode."""
