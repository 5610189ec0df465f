"""The recurrent autoencoder: networks, NumPy inference, fine-tuning."""
