"""Objective metrics, each a pure function of (reference, decoded, sample rate).

`table.METRICS` lists them with unit, range, direction and the clips they apply to; `score` runs
all that apply. No metric knows of codecs.
"""
