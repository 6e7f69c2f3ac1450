"""The AudioLDM2 reconstruction chain, one stage a file: mel, autoencoder, phase, vocoder, chain."""
