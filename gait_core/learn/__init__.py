"""The one place that trains: models, data, splits, the training loop with its checkpoints, stored models."""
