"""From a mel spectrogram to a waveform."""
