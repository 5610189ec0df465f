"""Training of recognition networks on walks of known people: settings, batches, losses, and the simulated demo."""
