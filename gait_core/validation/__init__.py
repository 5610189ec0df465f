"""How well a measurement agrees with a reference: force plates, motion capture, a walkway, another program."""
