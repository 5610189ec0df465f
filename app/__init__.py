"""The dashboard: it shows what is on disk and starts jobs; it never computes."""
