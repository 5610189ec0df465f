"""Every measurement that the README quotes."""
