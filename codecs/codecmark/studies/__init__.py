"""The studies of this suite: chain, layered codec, latency, parity, published audio."""
