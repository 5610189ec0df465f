"""Stored files: one reader each for JSON, arrays and archives, with limits; seals over what belongs together."""
