"""Autoencoders: from a mel spectrogram to a latent and back."""
