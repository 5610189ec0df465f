"""The pose models: where they come from, how they are checked and kept."""
