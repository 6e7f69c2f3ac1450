"""A mel spectrogram and a waveform layer beside it: the phase that the chain never sent."""
