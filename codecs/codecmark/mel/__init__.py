"""The AudioLDM2 family of chains, one stage a file: mel, autoencoder, phase, vocoder, chain."""
