"""Recognition of people by their walk: models, embeddings, galleries, identification, training."""
