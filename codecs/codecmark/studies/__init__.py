"""The papers of this suite: chain, layered codec, latency, parity; each writes a page."""
