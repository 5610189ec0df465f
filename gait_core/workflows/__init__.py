"""One module per command: the only place where the stages are tied together."""
