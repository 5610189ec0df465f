"""Which leg is which over a whole walk."""
