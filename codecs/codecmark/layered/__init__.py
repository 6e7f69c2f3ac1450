"""The mel, or a latent, with a waveform layer beside it: the phase that the chain never sent."""
