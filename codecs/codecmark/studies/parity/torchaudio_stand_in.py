"""Stands in for torchaudio in the parity environment: make copies it there as `torchaudio.py`.

The packages of EnCodec and DAC import torchaudio, whose builds load beside one build of torch
only. What they use of it reads files and resamples; encoding and decoding use nothing.
"""


def __getattr__(name: str) -> object:
    raise AttributeError(f"this torchaudio is a stand-in without {name}")
