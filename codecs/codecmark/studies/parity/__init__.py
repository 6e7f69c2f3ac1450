"""Comparison of the EnCodec and DAC wrappers with the reference implementations.

`make parity` builds an environment with the authors' packages, gives both sides the same checkpoint
at the published size, and compares their outputs for a bundled clip:

- `checkpoint`: seeded random weights in the authors' own file format
- `reference`: the packages, called directly, without code of this project in between
- `comparison`: the wrappers, from clip to bytes to clip, compared with the reference
- `fingerprint`: the sources and versions that a record is about
- `page`: the record, `results/parity.md`
"""
