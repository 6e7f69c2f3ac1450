"""Vocoders: from a mel spectrogram to a waveform."""
