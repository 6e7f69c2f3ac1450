"""Proof that the EnCodec and DAC wrappers are the codecs they name.

`make parity` builds an environment with the packages of their authors, gives both sides one
checkpoint at the published size, and compares what they make of a bundled clip:

- `checkpoint`: random weights from a seed, in the authors' own file format
- `reference`: the packages, called directly, without anything of this project between
- `comparison`: the wrappers, from clip to bytes to clip, against the reference
- `fingerprint`: which sources and versions a record speaks of
- `page`: the record, `results/parity.md`
"""
