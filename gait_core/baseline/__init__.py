"""A personal baseline: created from walks, stored, and compared with later walks."""
