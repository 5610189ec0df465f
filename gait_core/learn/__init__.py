"""Windows, networks and the training loop, in Keras 3."""
