"""The mel, or a latent, with waveform layers that carry the phase the mel chain does not send."""
