"""A replacement for torchaudio in the parity environment, where make copies it as `torchaudio.py`.

The packages of EnCodec and DAC import torchaudio, each build of which works with one build of torch
only. They use it to read files and to resample, but not to encode or decode.
"""


def __getattr__(name: str) -> object:
    raise AttributeError(f"this torchaudio is a stand-in without {name}")
