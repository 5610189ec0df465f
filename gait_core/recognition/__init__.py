"""Recognition of people by their gait: networks, weights of other trainings, and exact batching."""
