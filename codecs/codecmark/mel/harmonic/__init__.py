"""The vocoder that this project trained: a pitch, its harmonics, and a network beside them."""
