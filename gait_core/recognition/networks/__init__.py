"""The recognition networks in Keras 3: settings, layers, one module per network, and the builder."""
