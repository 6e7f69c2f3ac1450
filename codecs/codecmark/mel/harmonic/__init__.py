"""The harmonic vocoder that this project trained: an excitation from the pitch, and a network."""
