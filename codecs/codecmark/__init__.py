"""codecmark: audio codecs compared under identical conditions, by real bytes and statistics."""

__version__ = "0.1.0"
